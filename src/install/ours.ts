import { readFileSync, readlinkSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { statOrNone } from './ledger.ts';
import { LIBRARY, OURS } from './places.ts';

/** A file that install did not write. */
export function isOthers(path: string): boolean {
  const stat = statOrNone(path);
  if (stat === null) return false;
  return !stat.isFile() || !readFileSync(path, 'utf8').split('\n', 1)[0]?.includes(OURS);
}

/** Also true for a dangling link. */
export function isOwnLink(path: string): boolean {
  if (statOrNone(path)?.isSymbolicLink() !== true) return false;
  return resolve(dirname(path), readlinkSync(path)).startsWith(LIBRARY + sep);
}
