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
  type Stats,
} from 'node:fs';

/*
 * Looks at what may not be there, or not be the caller's to look at, where both are one answer. None of these throws.
 * What a file holds that somebody else may have put there is read by src/trust/read.ts: a FIFO would make textOf wait.
 */

/** A path without links, as the kernel goes it; null: it leads nowhere. */
export function realpathOrNull(path: string): string | null {
  // The name of an app is hardly ever a path that is there, and an exception costs ten times this look.
  if (statOf(path) === null) return null;
  try {
    return realpathSync.native(path);
  } catch {
    return null;
  }
}

/** A path without links; as it is where it leads nowhere. */
export function realpathOrSelf(path: string): string {
  return realpathOrNull(path) ?? path;
}

/** What is there itself, not what a link leads to. */
export function statOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** The owner of what a path leads to; null: nothing is there, or the caller may not look. */
export function ownerOf(path: string): number | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid ?? null;
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

/** What tells one file from another, by whatever path. */
export function fileId(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Whether this process may run a file, or enter a directory: by its real ids, as access(2) asks. */
export function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a link leads, as it is written. */
export function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/**
 * The names in a directory, sorted; of a larger one `most` of them. Empty: there is nothing in it, or no such
 * directory.
 */
export function listDirectory(directory: string, most = Infinity): string[] {
  try {
    return (most === Infinity ? readdirSync(directory) : firstNames(directory, most)).sort();
  } catch {
    return [];
  }
}

/** readdir(3) would read all names of a directory that a user may have filled with millions. */
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

/**
 * The beginning of a file of the kernel's whose text a user decides: a process can give itself arguments and an
 * environment of any length (prctl(2), PR_SET_MM_MAP). Empty: there is none.
 *
 * @param most bytes that are read
 */
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
      const chunk = Buffer.allocUnsafe(Math.min(left, 65_536));
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

/** The text of a file of the kernel's or of root's; empty: there is none. */
export function readTextOrEmpty(path: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  try {
    return readFileSync(path, encoding);
  } catch {
    return '';
  }
}
