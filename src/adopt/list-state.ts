import { statSync } from 'node:fs';

/** Tells one writing of a saved list from the next; null: there is no such file. */
export function listState(file: string): string | null {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino}:${stat.mtimeNs}`;
}
