import { dirname, join } from 'node:path';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import { PREPARED_DIRECTORY } from '../prepared/place.ts';
import { preparationOf } from '../prepared/use.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { findUntrusted } from '../trust/trust.ts';
import { BUNDLES } from '../call/installation.ts';

/** Prepares PM2's start again after an upgrade of PM2 or node, in the background. For root only. */
export function renewPrepared({ bin, file }: Pick<InstalledPm2, 'bin' | 'file'>): void {
  if (preparationOf(bin).type !== 'stale') return;
  startRenewal(file);
}

/** @param file bin/pm2 with symlinks resolved */
export function startRenewal(file: string): void {
  const pm2Package = dirname(dirname(file));
  const bundle = join(BUNDLES, 'prepare.cjs');
  const files = [process.execPath, bundle, join(pm2Package, 'lib/binaries/CLI.js')];
  if (findUntrusted(PREPARED_DIRECTORY, 'directory') !== null) return;
  if (files.some((path) => findUntrusted(path, 'file') !== null)) return;
  const env = { PATH: SYSTEM_PATH, HOME: '/nonexistent', LANG: 'C' };
  const options = { cwd: '/', env, stdio: 'ignore', detached: true } as const;
  const child = lazyBuiltin('node:child_process').spawn(process.execPath, [bundle, pm2Package], options);
  child.on('error', () => undefined);
  child.unref();
}
