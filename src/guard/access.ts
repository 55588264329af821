import { accessSync, constants, lstatSync, realpathSync } from 'node:fs';

/** Whether this process may run a file, or enter a directory: by its real ids, as access(2) asks. */
export function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path without links; as it is where it is not there, or not ours to see. */
export function physical(path: string): string {
  try {
    // The name of an app is hardly ever a path that is there, and an exception costs ten times this look.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return path;
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
