import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { distrust } from '../../trust/trust.ts';

/** Why nothing was done, for people. */
export class Left extends Error {
  override name = 'Left';
}

/** A directory that is held open: what is done by its `path` is done in this very directory, wherever it is moved meanwhile. */
export interface Held {
  fd: number;
  /** proc(5): node knows no openat(2), and /proc/self/fd has the same to offer. */
  path: string;
  dev: number;
  ino: number;
}

/** O_PATH: a directory that may be passed and not listed, as 0711 homes are (open(2)); node has no name for it. */
const O_PATH = 0o10000000;
const DIRECTORY = constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a home without following any link but root's own: as far as only root can change the way, it is gone as the system
 * goes it; from there on each directory by itself, which must be the owner's, or root's.
 *
 * @param owner uid
 * @throws Left
 */
export function holdHome(home: string, owner: number): Held {
  const names: string[] = [];
  let trusted = home;
  while (trusted !== '/' && distrust(trusted, 'directory') !== null) {
    names.unshift(basename(trusted));
    trusted = dirname(trusted);
  }
  let held = hold(trusted, O_PATH | constants.O_DIRECTORY);
  for (const name of names) {
    const next = within(held, name, owner);
    closeSync(held.fd);
    held = next;
  }
  return held;
}

/** A directory in one that is held. @throws Left where it is a link, no directory, on another file system, or a third user's */
export function within(directory: Held, name: string, owner: number): Held {
  const held = hold(join(directory.path, name), O_PATH | DIRECTORY);
  const { uid } = fstatSync(held.fd);
  if (uid === owner || uid === 0) return held;
  closeSync(held.fd);
  throw new Left(`the directory ${name} belongs to uid ${uid}`);
}

function hold(path: string, flags: number): Held {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Left(code === 'ELOOP' || code === 'ENOTDIR' ? 'a symbolic link is on the way to it' : `it cannot be opened (${code ?? 'unknown error'})`);
  }
  const { dev, ino } = fstatSync(fd);
  return { fd, path: `/proc/self/fd/${fd}`, dev, ino };
}

/**
 * Opens a file or directory for reading, itself and no link, as whoever calls: to be called as the owner, who then has shown
 * that the content is no secret to him.
 *
 * @throws Left
 */
export function openItself({ path }: Held, name: string): number {
  try {
    return openSync(`${path}/${name}` /* not joined: that would make a link of `.` */, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Left(code === 'EACCES' ? 'its user may not read it: it may hold what is root\'s alone' : code === 'ELOOP' ? 'it is a symbolic link by now' : `it cannot be opened (${code ?? 'unknown error'})`);
  }
}

/** The same file as it was when it was looked at. @throws Left */
export function requireSame(directory: Held, name: string, expected: { dev: number; ino: number }): void {
  let stat;
  try {
    stat = lstatSync(join(directory.path, name));
  } catch {
    throw new Left('it is gone');
  }
  if (stat.dev !== expected.dev || stat.ino !== expected.ino) throw new Left('it is another file by now');
}
