import { realpathSync } from 'node:fs';

/** A path without links, as the kernel goes it; null: it leads nowhere, or where the caller may not look. */
export function physical(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}
