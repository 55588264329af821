import type { FileStats, Pm2Home } from '../runtime/brands.ts';
import { dirname } from 'node:path';
import { accountByName, groupByGid, localGroups, type Account } from '../identity/accounts.ts';
import { isDirectory, statOf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';

/** A PM2_HOME that does not exist and that its user cannot create. */
export interface Unmakeable {
  daemon: string;
  user: string;
  pm2Home: Pm2Home;
  /** Without a subject: `/var/www belongs to root`. */
  why: string;
  /** Commands, as words. Empty in another user's directory: that user could redirect them by a symlink. */
  fix: string[][];
}

/** Every call for such a PM2_HOME would end in EACCES. A directory that the caller cannot read counts as makeable. */
export function unmakeablePm2Homes(daemons: readonly { name: string; user: string; pm2Home: Pm2Home }[]): Unmakeable[] {
  return daemons.flatMap(({ name, user, pm2Home }) => {
    const account = accountByName(user);
    if (account === null || account.uid === 0 || statOf(pm2Home) !== null) return [];
    const missing = missingAbove(pm2Home);
    const above = dirname(missing[0] ?? pm2Home);
    const closed = directoriesTo(above).find((path) => !has(account, path, SEARCH));
    if (closed !== undefined)
      return [{ daemon: name, user, pm2Home, why: `${closed} is closed to ${user} (${modeOf(closed)})`, fix: [] }];
    if (!isDirectory(above) || has(account, above, WRITE | SEARCH)) return [];
    return [{ daemon: name, user, pm2Home, why: whyNot(account, above), fix: fixOf(account, above, missing) }];
  });
}

/** From / down to this directory. */
function directoriesTo(path: string): string[] {
  return path === '/' ? [path] : [...directoriesTo(dirname(path)), path];
}

function missingAbove(path: string): string[] {
  return statOf(path) !== null || path === '/' ? [] : [...missingAbove(dirname(path)), path];
}

const WRITE = 0o2;
const SEARCH = 0o1;

/** Whether an account has these permissions by owner and mode, without ACLs (path_resolution(7)). */
function has({ name, uid, gid }: Account, directory: string, permissions: number): boolean {
  const stat = statBehindLinks(directory);
  if (stat === null) return true;
  const groups = [
    gid,
    ...localGroups()
      .filter(({ members }) => members.includes(name))
      .map((group) => group.gid),
  ];
  const bits = stat.uid === uid ? stat.mode >> 6 : groups.includes(stat.gid) ? stat.mode >> 3 : stat.mode;
  return (bits & permissions) === permissions;
}

function whyNot({ uid }: Account, directory: string): string {
  const owner = statBehindLinks(directory)?.uid;
  if (owner === uid) return `its own directory ${directory} is closed (${modeOf(directory)})`;
  return `${directory} belongs to ${owner === 0 ? 'root' : `uid ${owner ?? '?'}`}`;
}

function modeOf(directory: string): string {
  return `mode ${((statBehindLinks(directory)?.mode ?? 0) & 0o7777).toString(8).padStart(4, '0')}`;
}

function statBehindLinks(directory: string): FileStats | null {
  return statOf(`${directory.replace(/\/$/, '')}/.`);
}

/** UID_MIN of login.defs(5). A person owns their home directory, but www-data does not own /var/www. */
const FIRST_PERSON = 1000;

/** A missing parent directory becomes root's, except in a person's home directory. */
function fixOf({ name, uid, gid, homeDirectory }: Account, above: string, missing: readonly string[]): string[][] {
  if (findUntrusted(above, 'directory') !== null) return [];
  const group = groupByGid(gid)?.name ?? String(gid);
  let own = false;
  return missing.map((path, at) => {
    own ||= at === missing.length - 1 || (path === homeDirectory && uid >= FIRST_PERSON);
    return ['sudo', 'install', '-d', ...(own ? ['-o', name, '-g', group] : []), '-m', '0755', path];
  });
}
