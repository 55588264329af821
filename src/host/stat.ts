import { lstatSync, type Stats } from 'node:fs';

/** What is there itself, not what a link leads to; null: nothing, or it is not the caller's to look at. */
export function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
