import type { Pm2Home } from '../runtime/brands.ts';
import { closeSync, fchmodSync, fchownSync, lstatSync, mkdirSync, opendirSync, openSync, constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Identity } from '../identity/switch-user.ts';
import { isMadeByPm2, PM2_DIRECTORIES, PM2_FILES, PM2_SOCKETS } from '../pm2/own-files.ts';
import { isDead, removeDeadSocket } from '../repair/dead-socket.ts';
import { giveBack, wouldGiveBack } from '../repair/give-back.ts';
import { hold, Left, within, type Held } from '../repair/held.ts';
import { findUntrusted } from '../trust/trust.ts';
import { ROOT, trust, type Trusted } from '../trust/word.ts';
import type { Seat } from './seat.ts';

/** A file or directory that stays root's. */
export interface LeftOver {
  path: string;
  why: string;
  /** A symlink is in the path. */
  isLink: boolean;
}

export interface Righted {
  /** Absolute paths that were given to the user. */
  given: string[];
  /** Removed sockets that no process listened on. */
  removed: string[];
  left: LeftOver[];
}

/** More than 3,000 apps need. Further entries of a directory are not inspected. */
const MOST_ENTRIES = 10_000;

/**
 * Gives a user the files that root left in that user's PM2_HOME, under the conditions of repair/give-back.ts, and
 * removes root's unused sockets. Creates a missing PM2_HOME if only root can.
 * @param dry only reports; changes nothing
 */
export async function putRight(seat: Seat, dry: boolean): Promise<Righted> {
  const { pm2Home, user, uid, gid } = seat;
  const result: Righted = { given: [], removed: [], left: [] };
  if (uid === 0 || process.geteuid?.() !== 0) return result;
  if (lstatSync(pm2Home, { throwIfNoEntry: false }) === undefined) {
    makePm2Home(seat, dry, result);
    return result;
  }
  const receiver = trust({ user, uid, gid }, ROOT, uid); // the config, or its `personal`, names the new owner
  if (receiver === null) return result;
  let held: Held;
  try {
    held = hold(pm2Home, receiver);
  } catch (error) {
    result.left.push(leftOver(pm2Home, error));
    return result;
  }
  try {
    giveAll(held, pm2Home, receiver, dry, result);
    for (const name of PM2_SOCKETS) await removeSocket(held, pm2Home, name, receiver, dry, result);
  } finally {
    closeSync(held.fd);
  }
  return result;
}

/** The directory comes first: files in a directory of root's cannot be given. */
function giveAll(held: Held, pm2Home: Pm2Home, receiver: Trusted<Identity>, dry: boolean, result: Righted): void {
  const given = new Set<string>();
  const stays = (name: string) =>
    result.left.some(({ path }) => path === (name === '.' ? pm2Home : join(pm2Home, name)));
  const give = (name: string) => {
    const path = name === '.' ? pm2Home : join(pm2Home, name);
    try {
      const gift = { pm2Home, name, receiver, seen: null };
      if (dry) wouldGiveBack(gift, given);
      else giveBack(gift);
      result.given.push(path);
    } catch (error) {
      result.left.push(leftOver(path, error));
    }
  };
  if (isRoots(held, '.')) give('.');
  if (stays('.')) return;
  for (const name of [...PM2_FILES, ...PM2_DIRECTORIES]) if (isRoots(held, name)) give(name);
  for (const directory of ['logs', 'pids'].filter((name) => !stays(name)))
    for (const name of rootsIn(held, directory, receiver)) give(name);
}

/** Root's entries in a directory that PM2 fills, limited to files that PM2 makes. */
function rootsIn(held: Held, directory: string, receiver: Identity): string[] {
  let inside: Held | null = null;
  try {
    inside = within(held, directory, receiver);
    const opened = opendirSync(inside.path);
    const names: string[] = [];
    try {
      let most = MOST_ENTRIES;
      for (let entry = opened.readSync(); entry !== null && most > 0; entry = opened.readSync(), most--) {
        const name = `${directory}/${entry.name}`;
        if (isMadeByPm2(name) && isRoots(inside, entry.name)) names.push(name);
      }
    } finally {
      opened.closeSync();
    }
    return names.sort();
  } catch (error) {
    // Missing, or reported already.
    if (error instanceof Left || (error as NodeJS.ErrnoException).code !== undefined) return [];
    throw error;
  } finally {
    if (inside !== null) closeSync(inside.fd);
  }
}

/** A symlink is skipped: it holds no data, and the user can delete it. */
function isRoots(directory: Held, name: string): boolean {
  const stat = lstatSync(`${directory.path}/${name}`, { throwIfNoEntry: false });
  return stat?.uid === 0 && !stat.isSymbolicLink();
}

/**
 * Only if no other user can change the parent directory (`/var/www/.pm2`). Elsewhere the user creates it with the
 * user's own rights.
 */
function makePm2Home({ pm2Home, uid, gid }: Seat, dry: boolean, result: Righted): void {
  if (findUntrusted(dirname(pm2Home), 'directory') !== null) return;
  result.given.push(pm2Home);
  if (dry) return;
  mkdirSync(pm2Home, 0o700);
  const fd = openSync(pm2Home, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchownSync(fd, uid, gid);
    fchmodSync(fd, 0o755);
  } finally {
    closeSync(fd);
  }
}

/** A socket of root's daemon prevents the user's daemon from creating its own. */
async function removeSocket(
  held: Held,
  pm2Home: Pm2Home,
  name: string,
  user: Identity,
  dry: boolean,
  result: Righted,
): Promise<void> {
  const path = join(pm2Home, name);
  const stat = lstatSync(join(held.path, name), { throwIfNoEntry: false });
  if (stat?.uid !== 0 || !(await isDead(held, name, pm2Home))) return;
  try {
    if (!dry) await removeDeadSocket(held, name, stat, pm2Home, user);
    result.removed.push(path);
  } catch (error) {
    result.left.push(leftOver(path, error));
  }
}

function leftOver(path: string, error: unknown): LeftOver {
  if (!(error instanceof Left)) throw error;
  return { path, why: error.message, isLink: error.isLink };
}
