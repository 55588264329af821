import { statSync } from 'node:fs';

/** Changes with each write of a saved list; null: no such file, or the caller may not see it. */
export function listState(file: string): string | null {
  try {
    const { ino, mtimeNs } = statSync(file, { bigint: true });
    return `${ino}:${mtimeNs}`;
  } catch {
    return null;
  }
}
