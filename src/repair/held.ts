import { closeSync, constants, fstatSync, lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { O_PATH, openAs, openWay } from '../identity/as-user.ts';
import { SwitchError, type Identity } from '../identity/switch-user.ts';
import { findUntrusted } from '../trust/trust.ts';

export class Left extends Error {
  override name = 'Left';
  constructor(
    message: string,
    readonly isLink = false,
  ) {
    super(message);
  }
}

/** An open directory. `path` still leads to it after a rename. */
export interface Held {
  fd: number;
  /** /proc/self/fd (proc(5)), because node has no openat(2). */
  path: string;
  dev: number;
  ino: number;
}

const DIRECTORY = constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens a directory with the user's rights. Below the part of the path that only root can change, no symlink is
 * followed, and each directory must belong to the user or root.
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

/** With the user's rights. @throws Left if it is a symlink, no directory, closed to the user, or a third user's */
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

/** With the user's rights and no symlink, so its content is no secret from that user. @throws Left */
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

/** @throws Left if the file has changed */
export function requireSame(directory: Held, name: string, expected: { dev: number; ino: number }): void {
  let stat;
  try {
    stat = lstatSync(join(directory.path, name));
  } catch {
    throw new Left('it is gone');
  }
  if (stat.dev !== expected.dev || stat.ino !== expected.ino) throw new Left('it is another file by now');
}
