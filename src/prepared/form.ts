import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  utimesSync,
  type Stats,
} from 'node:fs';
import { replaceFile } from '../trust/write.ts';
import type { Frames } from './compile.ts';

/** Raised whenever the shape below changes, or what `compile.ts` makes of it. */
export const PREPARED_FORMAT = 2;

/** One state of a file or a directory. An equal state means: nothing was written, renamed or replaced in between. */
export type FileState = readonly [ino: number, size: number, mtimeMs: number, ctimeMs: number];

/** What a prepared file says. */
export interface Prepared {
  format: number;
  /** process.version, for reports. */
  version: string;
  node: { path: string; state: FileState };
  /**
   * Only root could change any part of the package when this was made. Then the same holds now, unless root itself has
   * changed something since.
   */
  whole: boolean;
  /** Why there is nothing to use, so that it is not tried again before a file changes; null: there is. */
  none: string | null;
  /**
   * The files that were loaded, each package.json beside or above them, and all directories between: all that node
   * asks about.
   */
  paths: string[];
  /** Of each path four numbers: a State. */
  states: number[];
  /**
   * The directories in which node looks for a module, as it joins them. `global`: node's own global directories come
   * last.
   */
  lookups: { text: string; global: boolean }[];
  /** By request and lookup, the path that was found: entries of Module._pathCache. */
  found: [request: string, lookup: number, path: number][];
  /** Modules whose code and text are kept: bytes of code, and of text either bytes (`wide`) or characters. */
  modules: [path: number, code: number, text: number, wide: boolean][];
  /** Null: none are, as this node's stacks would not be the same. */
  frames: Frames | null;
}

/** What is kept of the modules. */
export interface Kept {
  /** V8's cached data of each module, and after it the text where that is not ASCII: two bytes for each unit. */
  bytes: Buffer;
  /** The texts in ASCII, one after the other. */
  text: string;
}

/**
 * The head of a file: the lengths of JSON, bytes and text, and when it was made (ms). The file has that time for its
 * own, too: one that was written to later is damaged. V8 believes what it is given.
 */
const HEAD_LENGTH = 64;

/**
 * Reads a prepared file.
 *
 * @returns null where there is none, or it is damaged or of another format
 */
export function readPrepared(file: string): { prepared: Prepared; kept: Kept } | null {
  let fd: number | null = null;
  try {
    fd = openSync(file, constants.O_RDONLY);
    const { size, mtimeMs } = fstatSync(fd);
    const head = bytesOf(fd, HEAD_LENGTH).toString('latin1');
    const [json = 0, kept = 0, characters = 0, made = 0] = head.split(' ').map(Number);
    if (mtimeMs !== made || size !== HEAD_LENGTH + json + kept + characters) return null;
    const bytes = bytesOf(fd, json + kept);
    const prepared = JSON.parse(bytes.toString('latin1', 0, json)) as Prepared | null;
    if (prepared?.format !== PREPARED_FORMAT) return null;
    // As a string at once: V8 counts buffers, too many of which would begin a garbage collection that takes 15 ms.
    return { prepared, kept: { bytes: bytes.subarray(json), text: readFileSync(fd, 'utf8') } };
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** @throws where there are fewer */
function bytesOf(fd: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  if (readSync(fd, bytes, 0, length, null) !== length) throw new Error('it ends too early');
  return bytes;
}

/** Writes a prepared file as a whole, as root's. JSON in ASCII: V8 keeps a byte for each character. */
export function writePrepared(file: string, prepared: Prepared, { bytes, text }: Kept): void {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = Buffer.from(JSON.stringify(prepared).replace(/[\u007f-\uffff]/g, escape), 'latin1');
  const made = Math.floor(Date.now() / 1000); // every file system has whole seconds
  const head = `${json.length} ${bytes.length} ${text.length} ${made * 1000} `.padEnd(HEAD_LENGTH - 1);
  const parts = [Buffer.from(`${head}\n`, 'latin1'), json, bytes, Buffer.from(text, 'latin1')];
  replaceFile(file, Buffer.concat(parts), 0o644, { uid: 0, gid: 0 });
  utimesSync(file, made, made);
}

/** Whether node and everything that was loaded are as they were. Asks the kernel once for each path. */
export function isValid({ node, paths, states }: Prepared): boolean {
  try {
    if (!isState(lstatSync(node.path), node.state, 0)) return false;
    for (let at = 0, path = paths[0]; path !== undefined; path = paths[++at]) {
      if (!isState(lstatSync(path), states, at * 4)) return false;
    }
    return true;
  } catch {
    return false; // something is gone
  }
}

/** Of `lstat`. ctime cannot be set back by touch(1), a package manager or a backup (inode(7)). */
export function fileState({ ino, size, mtimeMs, ctimeMs }: Stats): FileState {
  return [ino, size, mtimeMs, ctimeMs];
}

function isState(stat: Stats, states: readonly number[], at: number): boolean {
  return (
    stat.ctimeMs === states[at + 3] &&
    stat.mtimeMs === states[at + 2] &&
    stat.size === states[at + 1] &&
    stat.ino === states[at]
  );
}
