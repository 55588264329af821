import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { SHIM_COMMAND } from '../call/hop.ts';
import { findRealPm2 } from '../pm2/installed.ts';

/** `shim`: the guard, or a sealed pm2. `other`: an unrelated program of that name. */
export type Reach = 'shim' | 'real' | 'none' | 'other';

/** @param word `pm2`, searched in `path`, or an absolute path */
export function whichPm2(word: string, path: string): Reach {
  const candidates = word.includes('/')
    ? [word]
    : path
        .split(':')
        .filter(isAbsolute)
        .map((directory) => join(directory, word));
  const found = candidates.find(isProgram);
  if (found === undefined) return 'none';
  if (isShim(found)) return 'shim';
  const real = findRealPm2({ recorded: found, path: undefined, skip: [], asRoot: false });
  if (real.type !== 'found') return 'other';
  return real.original === null ? 'real' : 'shim';
}

export function isShim(path: string): boolean {
  try {
    return realpathSync.native(path) === realpathSync.native(SHIM_COMMAND);
  } catch {
    return false;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
