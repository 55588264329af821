import { closeSync, constants, fstatSync, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { O_PATH, openAs, openWay } from '../identity/as-user.ts';
import { SwitchError, type Identity } from '../identity/switch-user.ts';
import { findUntrusted } from '../trust/trust.ts';

/** Why a file was left as it is, for people. */
export class Left extends Error {
  override name = 'Left';
  constructor(
    message: string,
    /** A symbolic link is where a file or directory was expected. */
    readonly isLink = false,
  ) {
    super(message);
  }
}

/** A directory that is held open. Its `path` leads to this very directory, wherever it is moved meanwhile. */
export interface Held {
  fd: number;
  /** proc(5): node has no openat(2); /proc/self/fd does the same. */
  path: string;
  dev: number;
  ino: number;
}

const DIRECTORY = constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a directory with the rights of its user. The part of the path that only root can change is opened as the system
 * resolves it; below that each directory is opened by itself, without following a link, and must belong to the user or
 * to root.
 *
 * @param directory absolute
 * @throws Left
 */
export function hold(directory: string, user: Identity): Held {
  const names: string[] = [];
  let trusted = directory;
  while (trusted !== '/' && findUntrusted(trusted, 'directory') !== null) {
    names.unshift(basename(trusted));
    trusted = dirname(trusted);
  }
  return opened(() => openWay(user, { first: trusted, names, flags: O_PATH | DIRECTORY }, requireKnown(user)));
}

/**
 * Opens a directory in one that is held, with the rights of its user.
 *
 * @throws Left where it is a link, no directory, closed to the user, or a third user's
 */
export function within(directory: Held, name: string, user: Identity): Held {
  const held = opened(() => openAs(user, directory.fd, name, O_PATH | DIRECTORY));
  try {
    requireKnown(user)(held.fd, name);
    return held;
  } catch (error) {
    closeSync(held.fd);
    throw error;
  }
}

function requireKnown(user: Identity): (fd: number, name: string) => void {
  return (fd, name) => {
    const { uid } = fstatSync(fd);
    if (uid !== user.uid && uid !== 0) throw new Left(`the directory ${name} belongs to uid ${uid}`);
  };
}

function opened(action: () => number): Held {
  let fd: number;
  try {
    fd = action();
  } catch (error) {
    if (error instanceof SwitchError || error instanceof Left) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP' || code === 'ENOTDIR') throw new Left('a symbolic link is on the way to it', true);
    throw new Left(`it cannot be opened (${code ?? 'unknown error'})`);
  }
  const { dev, ino } = fstatSync(fd);
  return { fd, path: `/proc/self/fd/${fd}`, dev, ino };
}

/**
 * Opens a file or directory for reading, itself and no link, with the rights of a user. That it can be opened shows
 * that its content is no secret to that user.
 *
 * @throws Left
 */
export function openItself({ fd }: Held, name: string, user: Identity): number {
  try {
    return openAs(user, fd, name, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === 'EACCES') throw new Left(`${user.user} may not read it: it may hold secrets of root`);
    if (code === 'ELOOP') throw new Left('it is a symbolic link', true);
    throw new Left(code === 'ENOENT' ? 'it is gone' : `it cannot be opened (${code})`);
  }
}

/** The same file as when it was looked at. @throws Left */
export function requireSame(directory: Held, name: string, expected: { dev: number; ino: number }): void {
  let stat;
  try {
    stat = lstatSync(join(directory.path, name));
  } catch {
    throw new Left('it is gone');
  }
  if (stat.dev !== expected.dev || stat.ino !== expected.ino) throw new Left('it is another file by now');
}
