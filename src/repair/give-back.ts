import type { Pm2Home } from '../runtime/brands.ts';
import { closeSync, fchownSync, fstatSync, lstatSync, opendirSync, readFileSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { asUser, pathAt, type Task } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import { isMadeByPm2, PM2_DIRECTORIES } from '../pm2/own-files.ts';
import type { Trusted } from '../trust/word.ts';
import { hold, Left, openItself, within, type Held } from './held.ts';

export interface Gift {
  pm2Home: Pm2Home;
  /** Relative to it; `.` is the PM2_HOME itself. */
  name: string;
  /** Who said that the PM2_HOME is this user's: the kernel, root, or this very user. */
  receiver: Trusted<Identity>;
  /** Identity as examined; null: any. */
  seen: { dev: number; ino: number } | null;
}

/** A PM2_HOME of 3,000 apps has fewer. */
const MOST_ENTRIES = 10_000;

/**
 * Gives a file that root left in a PM2_HOME to its user. No other function does so.
 *
 * The receiver gets nothing that this user could not have made, because all of this holds:
 * - PM2 makes files of that name; it is a regular file without hard links, or a directory of PM2;
 * - the receiver owns its parent directory and may write there, so could have put a copy there;
 * - the receiver can open it and its parent directories, so could have made that copy;
 * - it is on the mount of its parent directory, so it is no part of another mounted tree;
 * - a directory holds only what the receiver may get too.
 *
 * The kernel clears set-user-ID bits and file capabilities (chown(2)).
 *
 * @throws Left with nothing changed
 */
export function giveBack(gift: Gift): void {
  const fd = openGift(gift, new Set());
  try {
    fchownSync(fd, gift.receiver.uid, gift.receiver.gid);
  } finally {
    closeSync(fd);
  }
}

/**
 * Whether giveBack would succeed. Changes nothing.
 * @param given earlier directories as `dev:ino`; this one is added
 * @throws Left as giveBack would
 */
export function wouldGiveBack(gift: Gift, given: Set<string>): void {
  const fd = openGift(gift, given);
  try {
    given.add(keyOf(fstatSync(fd)));
  } finally {
    closeSync(fd);
  }
}

function openGift({ pm2Home, name, receiver, seen }: Gift, given: ReadonlySet<string>): number {
  if (!isMadeByPm2(name)) throw new Left('PM2 makes no file of this name');
  const holder = holderOf(pm2Home, name, receiver);
  let fd: number | null = null;
  try {
    requireHis(holder, receiver, given);
    fd = openItself(holder, name === '.' ? basename(pm2Home) : basename(name), receiver);
    const stat = fstatSync(fd);
    if (seen !== null && (stat.dev !== seen.dev || stat.ino !== seen.ino)) throw new Left('it is another file by now');
    if (stat.uid !== 0) throw new Left(`it belongs to uid ${stat.uid}, not to root`);
    if (mountOf(fd) !== mountOf(holder.fd)) throw new Left('something else is mounted there');
    if (stat.isDirectory()) requireOwnDirectory(fd, name, receiver);
    else requirePlainFile(stat);
    return fd;
  } catch (error) {
    if (fd !== null) closeSync(fd);
    throw error;
  } finally {
    closeSync(holder.fd);
  }
}

function holderOf(pm2Home: Pm2Home, name: string, receiver: Identity): Held {
  if (name === '.') return hold(dirname(pm2Home), receiver);
  const held = hold(pm2Home, receiver);
  if (dirname(name) === '.') return held;
  try {
    return within(held, dirname(name), receiver);
  } finally {
    closeSync(held.fd);
  }
}

function requireHis({ fd }: Held, { user, uid }: Identity, given: ReadonlySet<string>): void {
  const stat = fstatSync(fd);
  if (given.has(keyOf(stat))) return;
  if (stat.uid !== uid)
    throw new Left(
      `the directory that holds it belongs to ${stat.uid === 0 ? 'root' : `uid ${stat.uid}`}, not to ${user}`,
    );
  if ((stat.mode & 0o300) !== 0o300) throw new Left(`${user} may not write in the directory that holds it`);
}

function requirePlainFile(stat: Stats): void {
  if (!stat.isFile()) throw new Left('it is no regular file');
  if (stat.nlink !== 1) throw new Left('it has another name elsewhere');
}

/** The owner of a directory can remove its entries, so each one is checked. */
function requireOwnDirectory(fd: number, name: string, receiver: Identity): void {
  if (name !== '.' && !PM2_DIRECTORIES.includes(name)) throw new Left('PM2 makes no directory of this name');
  const held: Held = { fd, path: `/proc/self/fd/${fd}`, dev: 0, ino: 0 };
  if (!mayEnter(held, receiver)) throw new Left(`${receiver.user} may not enter it: it may hold secrets of root`);
  const opened = opendirSync(held.path);
  try {
    let left = MOST_ENTRIES;
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      if (left-- === 0) throw new Left('it holds more than PM2 makes');
      requireHarmless(held, name === '.' ? entry.name : `${name}/${entry.name}`, receiver);
    }
  } finally {
    opened.closeSync();
  }
}

function requireHarmless(directory: Held, name: string, receiver: Identity): void {
  const entry = basename(name);
  const stat = lstatSync(`${directory.path}/${entry}`, { throwIfNoEntry: false });
  if (stat === undefined || stat.uid === receiver.uid || stat.isSymbolicLink()) return;
  if (stat.uid !== 0) throw new Left(`it holds ${entry}, which belongs to uid ${stat.uid}`);
  if (!isMadeByPm2(name)) throw new Left(`it holds ${entry}, which PM2 does not make`);
  if (!stat.isFile()) return; // a full directory cannot be removed, and a socket holds no data
  try {
    requirePlainFile(stat);
    closeSync(openItself(directory, entry, receiver));
  } catch (error) {
    throw error instanceof Left ? new Left(`it holds ${entry}: ${error.message}`) : error;
  }
}

/** Checks the search permission on a directory by a path through it. */
export const ENTER: Task<null, null> = {
  name: 'enter',
  run: (_, at) => {
    lstatSync(pathAt(at, '.'));
    return null;
  },
};

function mayEnter(directory: Held, receiver: Identity): boolean {
  try {
    asUser(receiver, ENTER, null, directory.fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** The mount of an open file (proc(5), fdinfo). A bind mount has the `dev` of its origin. */
function mountOf(fd: number): string {
  const [, mount] = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
  if (mount === undefined) throw new Left('the system does not tell where it is mounted');
  return mount;
}

function keyOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
