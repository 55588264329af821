import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import type { Gid, Uid } from '../runtime/brands.ts';

/** The first component that others than root could change. */
export interface Distrust {
  kind: 'missing' | 'unreadable' | 'type' | 'owner' | 'writable' | 'loop';
  /** May be a parent directory or the target of a symlink. */
  path: string;
  why: string;
}

const MAX_LINKS = 40; // as in the kernel, path_resolution(7)

/** May change the path besides root. */
export interface TrustedFile {
  uid: Uid;
  /** A private group without other members. */
  gid: Gid | null;
}

/**
 * Whether only root can change a path, its parent directories and its symlink targets, like sshd's StrictModes.
 * Follows path_resolution(7): `..` after a symlink is the parent of its target.
 *
 * @param also another user who may change it, for code that runs as that user
 * @param known faults to skip, by `keyOf`
 * @returns null: trusted
 */
export function findUntrusted(
  path: string,
  type: 'file' | 'directory',
  also: TrustedFile | null = null,
  known: ReadonlySet<string> | null = null,
): Distrust | null {
  if (!isAbsolute(path)) return { kind: 'type', path, why: 'is not an absolute path' };
  let pending = componentsOf(path);
  let directory = '/';
  let links = 0;
  const top = faultOf('/', lstatSync('/'), pending.length === 0 ? type : 'directory', also, known);
  if (top) return top;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '..') {
      directory = dirname(directory);
      if (pending.length === 0 && type === 'file') return { kind: 'type', path: directory, why: 'is a directory' };
      continue;
    }
    // faster than join(): each pm2 call does this thirty times
    const at = directory === '/' ? `/${name}` : `${directory}/${name}`;
    let stat;
    let target = '';
    try {
      stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat?.isSymbolicLink() === true) target = readlinkSync(at); // its owner may replace it meanwhile
    } catch (error) {
      return {
        kind: 'unreadable',
        path: at,
        why: `cannot be looked at (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      };
    }
    if (stat === undefined) return { kind: 'missing', path: at, why: 'does not exist' };
    if (!stat.isSymbolicLink()) {
      const fault = faultOf(at, stat, pending.length === 0 ? type : 'directory', also, known);
      if (fault) return fault;
      directory = at;
      continue;
    }
    // A symlink's mode has no meaning; its directory, already checked, decides who may replace it.
    if (isForeign(at, stat, also, known)) return notRoots(at, stat);
    if (++links > MAX_LINKS) return { kind: 'loop', path: at, why: 'is a loop of symbolic links' };
    if (isAbsolute(target)) directory = '/';
    pending = [...componentsOf(target), ...pending];
  }
  return null;
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** Key for `known` of findUntrusted. A path can have both a wrong owner and a wrong mode. */
export function keyOf({ kind, path }: Pick<Distrust, 'kind' | 'path'>): string {
  return `${kind} ${path}`;
}

function faultOf(
  path: string,
  stat: Stats,
  type: 'file' | 'directory',
  also: TrustedFile | null,
  known: ReadonlySet<string> | null,
): Distrust | null {
  if (isForeign(path, stat, also, known)) return notRoots(path, stat);
  if (type === 'file' && !stat.isFile()) {
    return { kind: 'type', path, why: `is ${stat.isDirectory() ? 'a directory' : 'no regular file'}` };
  }
  if (type === 'directory' && !stat.isDirectory()) return { kind: 'type', path, why: 'is no directory' };
  // A sticky directory (/tmp) is not trusted: others could create the file first.
  const foreign = also !== null && stat.gid === also.gid ? 0o002 : 0o022;
  if ((stat.mode & foreign) === 0 || known?.has(keyOf({ kind: 'writable', path })) === true) return null;
  const writers = stat.mode & 0o002 ? 'all users' : 'its group';
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  return { kind: 'writable', path, why: `is writable by ${writers} (mode ${mode})` };
}

function isForeign(path: string, { uid }: Stats, also: TrustedFile | null, known: ReadonlySet<string> | null): boolean {
  return uid !== 0 && uid !== also?.uid && known?.has(keyOf({ kind: 'owner', path })) !== true;
}

/** For an entry of a directory that only root can change. @param stat from lstat */
export function entryFault(path: string, stat: Stats): Distrust | null {
  if (stat.isSymbolicLink()) return stat.uid === 0 ? null : notRoots(path, stat);
  return faultOf(path, stat, stat.isDirectory() ? 'directory' : 'file', null, null);
}

function notRoots(path: string, stat: Stats): Distrust {
  return { kind: 'owner', path, why: `is owned by uid ${stat.uid}, not by root` };
}
