import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { distrust } from '../trust/trust.ts';
import type { Seat } from './seat.ts';

/** PM2's own entries of its home (paths.js of PM2 5.4 to 7.0, and what `pm2 save` leaves). */
const FILES = [
  'pm2.log',
  'pm2.pid',
  'dump.pm2',
  'dump.pm2.bak',
  'module_conf.json',
  'touch',
  'reload.lock',
  'pm2-io-token',
  'agent.json5',
  'agent.log',
  'agent.pid',
  'sys-metrics.json',
];
const DIRECTORIES = ['logs', 'pids', 'modules'];
const SOCKETS = ['rpc.sock', 'pub.sock', 'interactor.sock'];

export interface Righted {
  /** What root had left there, and is the user's now. */
  given: string[];
  /** What is still root's, and why. */
  left: string[];
}

/**
 * Gives a user what root left in that user's PM2_HOME: only what PM2 itself makes there, only what is root's, and
 * nothing that the user could not read before. The home is held open and everything below is reached through that
 * descriptor, as with openat(2), so that no link and no rename leads elsewhere; a file with a second name is left, for
 * it may be anybody's.
 *
 * @param dry only say what would be done
 */
export function putRight({ home, uid, gid }: Seat, dry: boolean): Righted {
  const result: Righted = { given: [], left: [] };
  if (uid === 0 || process.geteuid?.() !== 0) return result;
  if (lstatSync(home, { throwIfNoEntry: false }) === undefined) {
    makeHome(home, uid, gid, dry, result);
    return result;
  }
  let fd: number;
  try {
    fd = openSync(home, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch {
    result.left.push(`${home} is a link, or no directory`);
    return result;
  }
  try {
    const way = `/proc/self/fd/${fd}`;
    if (readlinkSync(way) !== home) {
      result.left.push(`${home} is reached through links`);
      return result;
    }
    give(fd, home, { uid, gid, dry, result });
    for (const name of readdirSync(way)) {
      if (SOCKETS.includes(name)) dropSocket(way, home, name, dry, result);
      else if (FILES.includes(name)) giveEntry(way, home, name, { uid, gid, dry, result }, false);
      else if (DIRECTORIES.includes(name)) giveEntry(way, home, name, { uid, gid, dry, result }, true);
    }
  } finally {
    closeSync(fd);
  }
  return result;
}

interface Gift {
  uid: number;
  gid: number;
  dry: boolean;
  result: Righted;
}

/** Where root alone may make it (`/var/www/.pm2`); a user makes one in a place of the user's own. */
function makeHome(home: string, uid: number, gid: number, dry: boolean, result: Righted): void {
  if (distrust(dirname(home), 'directory') !== null) return;
  result.given.push(home);
  if (dry) return;
  mkdirSync(home, 0o700);
  const fd = openSync(home, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  fchownSync(fd, uid, gid);
  fchmodSync(fd, 0o755);
  closeSync(fd);
}

/** @param way path of the directory by its descriptor @param home the same, for people */
function giveEntry(way: string, home: string, name: string, gift: Gift, deep: boolean): void {
  const path = join(way, name);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.uid !== 0 && !stat.isDirectory())) return;
  if (stat.isSymbolicLink()) return; // the directory's owner may take it away, and it gives nothing
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    gift.result.left.push(`${join(home, name)} cannot be opened`);
    return;
  }
  try {
    give(fd, join(home, name), gift);
    if (deep && fstatSync(fd).isDirectory())
      for (const below of readdirSync(`/proc/self/fd/${fd}`))
        giveEntry(`/proc/self/fd/${fd}`, join(home, name), below, gift, true);
  } finally {
    closeSync(fd);
  }
}

function give(fd: number, shown: string, { uid, gid, dry, result }: Gift): void {
  const stat = fstatSync(fd);
  if (stat.uid !== 0) return;
  const why = objection(stat);
  if (why !== null) {
    result.left.push(`${shown} ${why}`);
    return;
  }
  result.given.push(shown);
  if (!dry) fchownSync(fd, uid, gid);
}

function objection(stat: Stats): string | null {
  if (stat.isDirectory()) return null;
  if (!stat.isFile()) return 'is no regular file';
  if (stat.nlink !== 1) return 'has a second name somewhere';
  // Else a user could move a file that root keeps in his directory under a name of PM2's, and be given it.
  if ((stat.mode & 0o004) === 0) return 'may be read by root alone: look at it, and chown it yourself';
  return null;
}

/** A socket that root's daemon left: the next one binds its own. */
function dropSocket(way: string, home: string, name: string, dry: boolean, result: Righted): void {
  const path = join(way, name);
  const stat = lstatSync(path);
  if (!stat.isSocket() || stat.uid !== 0) return;
  result.given.push(`${join(home, basename(name))} (removed)`);
  if (!dry) unlinkSync(path);
}
