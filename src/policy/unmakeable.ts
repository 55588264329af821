import { dirname } from 'node:path';
import { accountByName, groupByGid, localGroups, type Account } from '../identity/accounts.ts';
import { isDirectory, statOf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';

/** A PM2_HOME that is not there, and that its user cannot make. */
export interface Unmakeable {
  daemon: string;
  user: string;
  pm2Home: string;
  /** A sentence without its subject: `/var/www belongs to root`. */
  why: string;
  /** Commands, as words; none where it lies in a directory of another user, who would decide where they lead. */
  fix: string[][];
}

/**
 * The declared PM2_HOMEs that PM2 could not make as the daemon's user: every call would end in EACCES. What the caller
 * may not look at counts as makeable.
 */
export function unmakeableHomes(daemons: readonly { name: string; user: string; home: string }[]): Unmakeable[] {
  return daemons.flatMap(({ name, user, home }) => {
    const account = accountByName(user);
    if (account === null || account.uid === 0 || statOf(home) !== null) return [];
    const missing = missingAbove(home);
    const above = dirname(missing[0] ?? home);
    if (!isDirectory(above) || mayWrite(account, above)) return [];
    return [{ daemon: name, user, pm2Home: home, why: whyNot(above), fix: fixOf(account, above, missing) }];
  });
}

/** The path and the directories above it that are not there, from the top. */
function missingAbove(path: string): string[] {
  return statOf(path) !== null || path === '/' ? [] : [...missingAbove(dirname(path)), path];
}

/** By owner and mode, as the kernel decides without ACLs (path_resolution(7)). */
function mayWrite({ name, uid, gid }: Account, directory: string): boolean {
  const stat = statOf(directory.replace(/\/$/, '') + '/.'); // of what a link leads to
  if (stat === null) return true;
  const groups = [
    gid,
    ...localGroups()
      .filter(({ members }) => members.includes(name))
      .map((group) => group.gid),
  ];
  const bits = stat.uid === uid ? stat.mode >> 6 : groups.includes(stat.gid) ? stat.mode >> 3 : stat.mode;
  return (bits & 0o3) === 0o3;
}

function whyNot(directory: string): string {
  const owner = statOf(`${directory.replace(/\/$/, '')}/.`)?.uid;
  return `${directory} belongs to ${owner === 0 ? 'root' : `uid ${owner ?? '?'}`}`;
}

/** UID_MIN of login.defs(5): the home directory of a person is that person's, /var/www is not www-data's. */
const FIRST_PERSON = 1000;

/** A directory that is missing above it is root's, unless it is a person's home directory. */
function fixOf({ name, uid, gid, home }: Account, above: string, missing: readonly string[]): string[][] {
  if (findUntrusted(above, 'directory') !== null) return [];
  const group = groupByGid(gid)?.name ?? String(gid);
  let own = false;
  return missing.map((path, at) => {
    own ||= at === missing.length - 1 || (path === home && uid >= FIRST_PERSON);
    return ['sudo', 'install', '-d', ...(own ? ['-o', name, '-g', group] : []), '-m', '0755', path];
  });
}
