import { statSync } from 'node:fs';
import { openDoors } from '../call/door.ts';
import { dropOwnVariables } from '../identity/environment.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import { mainModule, moduleLoader, type Module, type ModuleLoader } from '../prepared/loader.ts';
import { applyPrepared, preparationOf } from '../prepared/use.ts';

type BinOf = Pick<InstalledPm2, 'bin' | 'original'>;

/**
 * Runs the real pm2 in this process as if it had been started directly.
 * @param afterLoad called after PM2 has loaded its modules, before it reads the command
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
  // node sets it for the first main module only. PM2 5 takes ExecStart from it (lib/API/Startup.js).
  Reflect.deleteProperty(process, 'mainModule');
  const preparation = preparationOf(bin);
  const restore = preparation.type === 'ready' ? applyPrepared(preparation.ready, running) : null;
  // If the last stat was of a socket, node's loader follows no symlink (realpathSync looks at binding.statValues).
  statSync('/');
  setImmediate(() => {
    // On the next tick, so that stack traces of PM2 do not show our frames. corepack does the same (runVersion).
    process.nextTick(loader.runMain.bind(loader), bin);
    if (restore !== null) process.nextTick(restore);
    // The file in place of a sealed pm2 loads PM2 one tick later (becomeOriginal in src/bin/door.cjs).
    for (const action of afterLoad)
      process.nextTick(
        original === null
          ? action
          : () => {
              process.nextTick(action);
            },
      );
  });
}

/** PM2 must not see the shim as the main module. */
function forget(loader: ModuleLoader, running: Partial<Module> | null): void {
  const filename = running?.filename ?? null;
  if (filename !== null) Reflect.deleteProperty(loader._cache, filename);
}
