import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';

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

/**
 * Whether only root can change what `path` leads to: the path itself, every directory above it, and, where a component
 * is a symbolic link, the same for its target. As sshd's StrictModes and sudo treat their files.
 *
 * @param path absolute
 * @param type what must be at its end
 * @returns null when it is trusted
 */
export function distrust(path: string, type: 'file' | 'directory'): Distrust | null {
  if (!isAbsolute(path)) return { kind: 'type', path, why: 'is not an absolute path' };
  const links = { followed: 0 };
  return walk(resolve(path), type, links);
}

function walk(path: string, type: 'file' | 'directory' | 'any', links: { followed: number }): Distrust | null {
  const above = dirname(path);
  if (above !== path) {
    const fault = walk(above, 'directory', links);
    if (fault) return fault;
  }
  let stat;
  try {
    stat = lstatSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? { kind: 'missing', path, why: 'does not exist' }
      : { kind: 'unreadable', path, why: `cannot be looked at (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` };
  }
  if (stat.uid !== 0) return { kind: 'owner', path, why: `is owned by uid ${stat.uid}, not by root` };
  if (stat.isSymbolicLink()) {
    // A link's own mode says nothing: who may replace it is decided by its directory, checked above.
    if (++links.followed > MAX_LINKS) return { kind: 'loop', path, why: 'is a loop of symbolic links' };
    return walk(resolve(above, readlinkSync(path)), type, links);
  }
  if (type === 'file' && !stat.isFile()) return { kind: 'type', path, why: `is ${stat.isDirectory() ? 'a directory' : 'no regular file'}` };
  if (type === 'directory' && !stat.isDirectory()) return { kind: 'type', path, why: 'is no directory' };
  // A sticky directory (/tmp) lets nobody replace what root owns, but anybody may have put a file there first: not trusted.
  if (stat.mode & 0o022) return { kind: 'writable', path, why: `is writable by ${stat.mode & 0o002 ? 'everybody' : 'its group'} (mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')})` };
  return null;
}

