import { statSync } from 'node:fs';

/** Tells one writing of a saved list from the next; null: there is no such file, or it is not the caller's to see. */
export function listState(file: string): string | null {
  try {
    const { ino, mtimeNs } = statSync(file, { bigint: true });
    return `${ino}:${mtimeNs}`;
  } catch {
    return null;
  }
}
