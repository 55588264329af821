import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
  type Dirent,
} from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../identity/switch-user.ts';
import type { User } from './model.ts';

/** Scripts are shorter; a longer file is data. */
const MAX_BYTES = 10 * 1024 * 1024;
/** Longer lines are minified, and built from other files. */
const MAX_LINE = 100_000;
const PASSED_BY = new Set([
  'node_modules',
  '.git',
  '.hg',
  '.svn',
  'vendor',
  'bower_components',
  '.cache',
  '.venv',
  '__pycache__',
  '.terraform',
  'coverage',
]);

export interface LintInput {
  path: string;
  /** It was named, and not found in a directory. */
  named: boolean;
  /** Its path is shown unchanged, not relative to the current directory. */
  absolute?: boolean;
  /** The user with whose rights it is read. */
  as?: Identity;
  /** The user that runs it, if neither the file nor its path says so. */
  given?: User;
}

export type FileText =
  | { type: 'text'; text: string }
  /** Lint ignores it: binary, minified, too large. */
  | { type: 'skipped'; why: string }
  | { type: 'unread'; why: string };

/** The files below the paths, each once. Of directories only regular files, of named paths any kind. */
export function* filesBelow(paths: readonly string[]): Generator<LintInput> {
  const seen = new Set<string>();
  for (const path of paths) {
    if (isDirectory(path)) {
      for (const found of walk(path)) {
        if (seen.has(found)) continue;
        seen.add(found);
        yield { path: found, named: false };
      }
    } else if (!seen.has(path)) {
      seen.add(path);
      yield { path, named: true };
    }
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // the read error is reported later
  }
}

/** Symlinks are not followed: their targets are found elsewhere, and a loop would never end. */
function* walk(directory: string): Generator<string> {
  const entries = readNames(directory);
  if (entries === null) yield directory; // reading it tells why
  for (const entry of entries ?? []) {
    const path = directory === '.' ? entry.name : join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!PASSED_BY.has(entry.name)) yield* walk(path);
    } else if (entry.isFile()) yield path;
  }
}

function readNames(directory: string): Dirent[] | null {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return null;
  }
}

/** Reads a file; it never blocks on a FIFO, a device or a socket. */
export function readText(path: string, follow: 'links' | 'never' = 'links'): FileText {
  let descriptor: number;
  try {
    const kind = lstatSync(path);
    if (follow === 'never' && kind.isSymbolicLink()) return { type: 'unread', why: 'is a symlink' };
    if (kind.isFIFO()) return { type: 'unread', why: 'is a FIFO, and no regular file' };
    descriptor = openSync(
      path,
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | (follow === 'never' ? constants.O_NOFOLLOW : 0),
    );
  } catch (error) {
    return { type: 'unread', why: reason(error) };
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { type: 'unread', why: 'is no regular file' };
    if (stat.size > MAX_BYTES) return { type: 'skipped', why: 'is larger than 10 MB' };
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < stat.size; length += read)
      read = readSync(descriptor, bytes, length, stat.size - length, length);
    return textOf(bytes.subarray(0, length));
  } catch (error) {
    return { type: 'unread', why: reason(error) };
  } finally {
    closeSync(descriptor);
  }
}

function textOf(bytes: Buffer): FileText {
  if (bytes.includes(0)) return { type: 'skipped', why: 'is binary' };
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  return isMinified(text) ? { type: 'skipped', why: 'has lines as minified files have them' } : { type: 'text', text };
}

function isMinified(text: string): boolean {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    if ((end < 0 ? text.length : end) - start > MAX_LINE) return true;
    if (end < 0) return false;
    start = end + 1;
  }
  return false;
}

function reason(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'ENOENT':
      return 'is not there';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read';
    case 'ELOOP':
      return 'is a loop of symlinks';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
