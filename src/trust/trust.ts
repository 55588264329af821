import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';

/** Why a path cannot be trusted: the first component that somebody other than root could change. */
export interface Distrust {
  /** `missing` and `unreadable` come from the file system; the others are about who may write. */
  kind: 'missing' | 'unreadable' | 'type' | 'owner' | 'writable' | 'loop';
  /** The component at fault, which may be a directory above the path asked for, or a link's target. */
  path: string;
  /** For people: `is owned by uid 1000`, `is writable by its group`. */
  why: string;
}

const MAX_LINKS = 40; // the kernel's own limit, path_resolution(7)

/** Who may be able to change a path beside root. */
export interface TrustedFile {
  uid: number;
  /** A group that has no other member (user private groups); null: none. */
  gid: number | null;
}

/**
 * Whether only root can change what `path` leads to: the path itself, every directory above it, and, where a component
 * is a symbolic link, the same for its target. As sshd's StrictModes and sudo treat their files. Walks as the kernel
 * does (path_resolution(7)): `..` after a link is the parent of its target.
 *
 * @param path absolute
 * @param type what must be at its end
 * @param also a user who may be able to change it as well: for code that runs as that very user
 * @param known faults to pass over, by `keyOf` (all-faults.ts)
 * @returns null when it is trusted; else the first fault, with the physical path of the component
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
    // no join(): every call of pm2 comes by thirty times
    const at = directory === '/' ? `/${name}` : `${directory}/${name}`;
    let stat;
    try {
      stat = lstatSync(at, { throwIfNoEntry: false });
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
    // A link's own mode says nothing: who may replace it is decided by its directory, checked already.
    if (isForeign(at, stat, also, known)) return notRoots(at, stat);
    if (++links > MAX_LINKS) return { kind: 'loop', path: at, why: 'is a loop of symbolic links' };
    const target = readlinkSync(at);
    if (isAbsolute(target)) directory = '/';
    pending = [...componentsOf(target), ...pending];
  }
  return null;
}

function componentsOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** A fault of which `distrust` may be told to pass it over: a path can have a wrong owner and a wrong mode. */
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
  // In a sticky directory (/tmp) others cannot replace a file of root's, but they can put one there first: not trusted.
  const foreign = also !== null && stat.gid === also.gid ? 0o002 : 0o022;
  if ((stat.mode & foreign) === 0 || known?.has(keyOf({ kind: 'writable', path })) === true) return null;
  const writers = stat.mode & 0o002 ? 'everybody' : 'its group';
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  return { kind: 'writable', path, why: `is writable by ${writers} (mode ${mode})` };
}

function isForeign(path: string, { uid }: Stats, also: TrustedFile | null, known: ReadonlySet<string> | null): boolean {
  return uid !== 0 && uid !== also?.uid && known?.has(keyOf({ kind: 'owner', path })) !== true;
}

/**
 * Whether others than root can change one entry of a directory that only root can change.
 *
 * @param stat of lstat: of a link only its owner counts
 */
export function entryFault(path: string, stat: Stats): Distrust | null {
  if (stat.isSymbolicLink()) return stat.uid === 0 ? null : notRoots(path, stat);
  return faultOf(path, stat, stat.isDirectory() ? 'directory' : 'file', null, null);
}

function notRoots(path: string, stat: Stats): Distrust {
  return { kind: 'owner', path, why: `is owned by uid ${stat.uid}, not by root` };
}
