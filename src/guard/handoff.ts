import { lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { InstalledPm2 } from '../pm2/installed.ts';
import { distrust } from '../trust/trust.ts';
import { dropOwnVariables } from '../identity/environment.ts';
import { openDoors } from '../call/door.ts';
import type { LentHome } from './lend-home.ts';

/** What node's types leave out or do not know yet. */
interface ModuleLoader {
  runMain: (main: string) => void;
  /** From Node 22.1 on. */
  enableCompileCache?: (directory: string) => unknown;
}

type BinOf = Pick<InstalledPm2, 'bin' | 'original'>;

/** Each uid has a directory of its own here, made by root (install): see `compileCache`. */
const COMPILE_CACHES = '/var/cache/pm2-guard';

/**
 * Become the real pm2, in this process: argv, require.main, exit status, signals, TTY, stdin and pid are as if it had been
 * started itself. Does not return in effect: what follows is pm2's.
 *
 * @param lent a PM2_HOME that PM2 is to find only as it loads; null: its own
 * @param pm2 `bin`: what plain `pm2` would have run, the path in PATH, link or not (argv[1] keeps it, require.main
 * resolves it)
 */
export function becomePm2({ bin, original }: BinOf, argv: readonly string[], lent: LentHome | null = null): void {
  const loader = createRequire('/')('node:module') as ModuleLoader;
  dropOwnVariables(process.env);
  compileCache(loader, process.geteuid?.() ?? -1);
  process.argv = [process.execPath, bin, ...argv];
  process.execArgv = [];
  openDoors();
  // Node sets it for the first main module only; PM2 5 takes ExecStart from it (lib/API/Startup.js).
  Reflect.deleteProperty(process, 'mainModule');
  // On the next tick our frames are off the stack: an error of PM2's shows PM2's stack alone. As corepack does it
  // (corepackUtils.ts runVersion), for the same reason.
  process.nextTick(() => {
    loader.runMain(bin);
    if (lent === null) return;
    // A door loads PM2 one tick later (src/seal/door.cjs becomeOriginal).
    if (original === null) lent.afterLoad();
    else process.nextTick(lent.afterLoad);
  });
}

/**
 * V8's compile cache makes pm2 start about 15 % faster on Node 22 and newer. The directory must be this user's own: who can
 * write into it decides what code runs. No variable is set, so no app inherits it.
 */
function compileCache(loader: ModuleLoader, euid: number): void {
  if (!loader.enableCompileCache) return;
  const directory = `${COMPILE_CACHES}/${euid}`;
  try {
    const stat = lstatSync(directory);
    if (!stat.isDirectory() || stat.uid !== euid || (stat.mode & 0o077) !== 0) return;
    if (distrust(COMPILE_CACHES, 'directory')) return;
    loader.enableCompileCache(directory);
  } catch {
    // No directory for this user: as fast as plain pm2 is.
  }
}
