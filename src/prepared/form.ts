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
import { asGid, asUid } from '../runtime/brands.ts';
import { replaceFile } from '../trust/write.ts';
import type { Frames } from './compile.ts';

/** Increase it when the format below or the functions of `compile.ts` change. */
export const PREPARED_FORMAT = 2;

/** The state of a file or directory. An equal state means that it was not written, renamed or replaced. */
export type FileState = readonly [ino: number, size: number, mtimeMs: number, ctimeMs: number];

export interface Prepared {
  format: number;
  /** process.version, for reports. */
  version: string;
  node: { path: string; state: FileState };
  /** When this was made, only root could change the package. That stays true until root changes it. */
  whole: boolean;
  /** Why nothing is usable, so that it is not tried again before a file changes; null: it is usable. */
  none: string | null;
  /** The loaded files, each package.json beside or above them, and all directories between: all that node checks. */
  paths: string[];
  /** Four numbers per path: a FileState. */
  states: number[];
  /** The directories in which node searches a module. `global`: node's global directories come last. */
  lookups: { text: string; global: boolean }[];
  /** The path found for a request and a lookup: entries of Module._pathCache. */
  found: [request: string, lookup: number, path: number][];
  /** Modules with stored code and text. Lengths: code in bytes, text in bytes (`wide`) or characters. */
  modules: [path: number, code: number, text: number, wide: boolean][];
  /** Null: no code is stored, because this node's stack traces would differ. */
  frames: Frames | null;
}

export interface Kept {
  /** V8's cached data of each module, followed by its text if that is not ASCII, in two bytes per UTF-16 unit. */
  bytes: Buffer;
  /** The ASCII texts, concatenated. */
  text: string;
}

/**
 * The head: the lengths of JSON, bytes and text, and the time of creation (ms). The file's mtime must be equal, else
 * it was written later and is damaged. V8 does not detect damaged data.
 */
const HEAD_LENGTH = 64;

/** @returns null if there is none, or it is damaged or of another format */
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
    // Read as a string: V8 counts buffers, and too many of them start a garbage collection of 15 ms.
    return { prepared, kept: { bytes: bytes.subarray(json), text: readFileSync(fd, 'utf8') } };
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** @throws if there are fewer */
function bytesOf(fd: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  if (readSync(fd, bytes, 0, length, null) !== length) throw new Error('it ends too early');
  return bytes;
}

/** Writes a prepared file atomically, as root's. In ASCII JSON, V8 keeps one byte per character. */
export function writePrepared(file: string, prepared: Prepared, { bytes, text }: Kept): void {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const json = Buffer.from(JSON.stringify(prepared).replace(/[\u007f-\uffff]/g, escape), 'latin1');
  const made = Math.floor(Date.now() / 1000); // every file system stores whole seconds
  const head = `${json.length} ${bytes.length} ${text.length} ${made * 1000} `.padEnd(HEAD_LENGTH - 1);
  const parts = [Buffer.from(`${head}\n`, 'latin1'), json, bytes, Buffer.from(text, 'latin1')];
  replaceFile(file, Buffer.concat(parts), 0o644, { uid: asUid(0), gid: asGid(0) });
  utimesSync(file, made, made);
}

/** Whether node and all loaded files are unchanged. It makes one system call per path. */
export function isValid({ node, paths, states }: Prepared): boolean {
  try {
    if (!isState(lstatSync(node.path), node.state, 0)) return false;
    for (let at = 0, path = paths[0]; path !== undefined; path = paths[++at]) {
      if (!isState(lstatSync(path), states, at * 4)) return false;
    }
    return true;
  } catch {
    return false; // a path no longer exists
  }
}

/** From `lstat`. touch(1), package managers and backups cannot set ctime back (inode(7)). */
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
