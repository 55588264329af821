import { openDoors } from '../call/door.ts';
import { dropOwnVariables } from '../identity/environment.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import { mainModule, moduleLoader, type Module, type ModuleLoader } from '../prepared/loader.ts';
import { applyPrepared, preparationOf } from '../prepared/use.ts';

type BinOf = Pick<InstalledPm2, 'bin' | 'original'>;

/**
 * Become the real pm2, in this process: argv, require.main, exit status, signals, TTY, stdin and pid are as if it had
 * been started itself. Does not return in effect: what follows is pm2's.
 *
 * @param afterLoad done once PM2 has read its modules, before it looks at the command
 * @param pm2 `bin`: what plain `pm2` would have run, the path in PATH, link or not (argv[1] keeps it, require.main
 * resolves it)
 */
export function becomePm2(
  { bin, original }: BinOf,
  argv: readonly string[],
  afterLoad: readonly (() => void)[] = [],
): void {
  const loader = moduleLoader();
  const running = mainModule();
  forget(loader, running);
  dropOwnVariables(process.env);
  process.argv = [process.execPath, bin, ...argv];
  process.execArgv = [];
  openDoors();
  // Node sets it for the first main module only; PM2 5 takes ExecStart from it (lib/API/Startup.js).
  Reflect.deleteProperty(process, 'mainModule');
  const preparation = preparationOf(bin);
  const restore = preparation.type === 'ready' ? applyPrepared(preparation.ready, running) : null;
  // On the next tick our frames are off the stack: an error of PM2's shows PM2's stack alone. As corepack does it
  // (corepackUtils.ts runVersion), for the same reason.
  process.nextTick(loader.runMain.bind(loader), bin);
  if (restore !== null) process.nextTick(restore);
  // A door loads PM2 one tick later (src/seal/door.cjs becomeOriginal).
  for (const action of afterLoad)
    process.nextTick(
      original === null
        ? action
        : () => {
            process.nextTick(action);
          },
    );
}

/** The shim was the main module until now. To PM2 nothing was loaded before it. */
function forget(loader: ModuleLoader, running: Partial<Module> | null): void {
  const filename = running?.filename ?? null;
  if (filename !== null) Reflect.deleteProperty(loader._cache, filename);
}
