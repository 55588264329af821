import type { Pm2Home } from '../runtime/brands.ts';
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import type { FileStats, Uid } from './brands.ts';

// Never throws; missing and unreadable are the same. For files of other users use src/trust/read.ts: a FIFO blocks.

export function realpathOrNull(path: string): string | null {
  // An exception costs ten times more, and most app names are no paths.
  if (statOf(path) === null) return null;
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

export function realpathOrSelf(path: Pm2Home): Pm2Home;
export function realpathOrSelf(path: string): string;
export function realpathOrSelf(path: string): string {
  return realpathOrNull(path) ?? path;
}

/** Like lstat. */
export function statOf(path: string): FileStats | null {
  try {
    return (lstatSync(path, { throwIfNoEntry: false }) as FileStats | undefined) ?? null;
  } catch {
    return null;
  }
}

/** Follows symlinks. Null: missing, or the caller may not look. */
export function ownerOf(path: string): Uid | null {
  try {
    return (statSync(path, { throwIfNoEntry: false }) as FileStats | undefined)?.uid ?? null;
  } catch {
    return null;
  }
}

export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}

export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** The same for every path to the file. Null: missing, or the caller may not look. */
export function fileId(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** By real ids, like access(2). */
export function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** The existing ones. Of several paths to one place, only the first. */
export function distinctPlaces(paths: readonly string[]): string[] {
  const places = paths.map(realpathOrNull);
  return paths.filter((_, index) => places[index] !== null && places.indexOf(places[index] ?? null) === index);
}

/** Sorted; `most` limits the number of names. Empty also for an unreadable directory. */
export function listDirectory(directory: string, most = Infinity): string[] {
  try {
    return (most === Infinity ? readdirSync(directory) : firstNames(directory, most)).sort();
  } catch {
    return [];
  }
}

/** readdir(3) would read everything; a user may have made millions of names. */
function firstNames(directory: string, most: number): string[] {
  const names: string[] = [];
  const opened = opendirSync(directory, { bufferSize: 256 });
  try {
    for (let next = opened.readSync(); next !== null && names.length < most; next = opened.readSync())
      names.push(next.name);
  } finally {
    opened.closeSync();
  }
  return names;
}

/** For kernel files whose text a user decides, of any length (prctl(2), PR_SET_MM_MAP). `most` in bytes. */
export function beginningOf(path: string, most: number): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return '';
  }
  try {
    const chunks: Buffer[] = [];
    for (let left = most; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(left, chunks.length === 0 ? 2048 : 65_536)); // most are short
      const got = readSync(fd, chunk, 0, chunk.length, null);
      if (got === 0) break;
      chunks.push(chunk.subarray(0, got));
      left -= got;
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}

export function readTextOrEmpty(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  try {
    return readFileSync(path, encoding);
  } catch {
    return '';
  }
}
