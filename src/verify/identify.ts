import { realpathSync } from 'node:fs';
import { findRealPm2, headOf, SHIM_MARK } from '../pm2/installed.ts';

export type Answerer =
  /** Has our mark (shim or door). Only a block proves that it works. */
  | { type: 'ours' }
  | { type: 'pm2'; version: string }
  | { type: 'other' };

export function identify(path: string): Answerer {
  try {
    if (headOf(realpathSync.native(path))?.includes(SHIM_MARK)) return { type: 'ours' };
  } catch {
    // removed meanwhile, or not readable
  }
  const found = findRealPm2({ recorded: path, path: undefined, skip: [], asRoot: false });
  return found.type === 'found' ? { type: 'pm2', version: found.version } : { type: 'other' };
}
