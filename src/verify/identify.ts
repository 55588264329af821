import { realpathSync } from 'node:fs';
import { findRealPm2, headOf, SHIM_MARK } from '../pm2/installed.ts';

/** What a file called pm2 is, looked at and not run. */
export type Answerer =
  /** Carries our mark: the shim, or the door of a sealed pm2. Whether it works is proven by a block. */
  | { type: 'ours' }
  | { type: 'pm2'; version: string }
  /** A program of somebody's that is called so. */
  | { type: 'other' };

export function identify(path: string): Answerer {
  try {
    if (headOf(realpathSync.native(path))?.includes(SHIM_MARK)) return { type: 'ours' };
  } catch {
    // gone meanwhile, or not ours to see
  }
  const found = findRealPm2({ recorded: path, path: undefined, skip: [], asRoot: false });
  return found.type === 'found' ? { type: 'pm2', version: found.version } : { type: 'other' };
}
