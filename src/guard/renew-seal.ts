import { dirname, join } from 'node:path';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { requestedSeals } from '../seal/requested-seals.ts';
import { BUNDLES } from '../call/installation.ts';
import { say } from './report.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

/** Takes 0.1 s after each upgrade of PM2. */
const PATIENCE_MS = 10_000;

/** Seals the real pm2 again after an upgrade. Returns the path of PM2's original file. Null: not sealed. */
export function sealedAgain(real: InstalledPm2): string | null {
  const directory = dirname(dirname(real.file));
  if (!requestedSeals().includes(directory)) return null;
  lazyBuiltin('node:child_process').spawnSync(
    process.execPath,
    [join(BUNDLES, 'pm2-guard.cjs'), 'seal', '--path', directory],
    { cwd: '/', env: { PATH: SYSTEM_PATH }, stdio: 'ignore', timeout: PATIENCE_MS },
  );
  const now = findRealPm2({ recorded: real.bin, path: undefined, skip: [BUNDLES], asRoot: true });
  const original = now.type === 'found' ? now.original : null;
  say([
    original === null
      ? `pm2-guard: ${directory} is no longer sealed, and could not be sealed again; see:  ${rootCommandLine('seal')}`
      : `pm2-guard: sealed again: ${directory}, which was replaced by PM2 ${real.version}`,
  ]);
  return original;
}
