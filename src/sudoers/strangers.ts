import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localAccount, localGroups } from '../identity/accounts.ts';
import { asGid, asPosix, type Uid } from '../runtime/brands.ts';
import { findUntrusted } from '../trust/trust.ts';

/** Written by root: users who may run nothing as the daemons' users. */
export const STRANGERS_FILE = '/var/lib/pm2-guard/no-sudo.json';

/** Changes of these files make the list invalid. */
const SUDOERS = ['/etc/sudoers', '/etc/sudoers-rs', '/etc/sudoers.d', '/etc/sudo.conf', '/etc/nsswitch.conf'];

export interface Strangers {
  state: string;
  /** By owner and user: what sudo's rules may ask of both (`identitiesOf`). */
  users: Record<string, Record<string, string>>;
}

/**
 * Whether sudo refused the user when root asked, and neither sudoers nor the user's or owner's groups changed since.
 * Only avoids questions: false if unknown.
 */
export function isStranger({ user, uid }: { user: string; uid: Uid }, as: string): boolean {
  try {
    if (findUntrusted(STRANGERS_FILE, 'file') !== null) return false;
    const { state, users } = JSON.parse(readFileSync(STRANGERS_FILE, 'utf8')) as Strangers;
    const then = Object.hasOwn(users, as) && Object.hasOwn(users[as] ?? {}, user) ? users[as]?.[user] : undefined;
    if (then === undefined || then !== identitiesOf(user, as)) return false;
    return state === stateOfSudoers() && (process.geteuid?.() !== uid || hasOnlyItsGroups(user));
  } catch {
    return false;
  }
}

/** Numbers and groups of a user and of the owner: rules name both by user, uid or group. Null: no such local user. */
export function identitiesOf(user: string, as: string): string | null {
  const [own, owners] = [numbersOf(user), numbersOf(as)];
  return own === null || owners === null ? null : `${own} as ${owners}`;
}

function numbersOf(name: string): string | null {
  const account = localAccount(name);
  if (account === null) return null;
  const groups = localGroups().filter(({ gid, members }) => gid === account.gid || members.includes(name));
  return [account.uid, account.gid, ...groups.map((group) => `${group.name}:${group.gid}`).sort()].join(' ');
}

/** A service may have more (SupplementaryGroups= in systemd.exec(5)), and sudo asks the kernel (group_source). */
function hasOnlyItsGroups(user: string): boolean {
  const account = localAccount(user);
  const gids = localGroups()
    .filter(({ members }) => members.includes(user))
    .map(({ gid }) => gid);
  return [...(process.getgroups?.() ?? []), asPosix(process).getegid()].every(
    (gid) => gid === account?.gid || gids.includes(asGid(gid)),
  );
}

/** Null: not all sudoers files are readable. */
export function stateOfSudoers(): string | null {
  try {
    return JSON.stringify([
      readFileSync('/proc/sys/kernel/hostname', 'utf8'), // rules may be for one host
      ...SUDOERS.flatMap((path) => [stateOf(path), ...namesIn(path).map((name) => stateOf(join(path, name)))]),
    ]);
  } catch {
    return null; // EACCES: closed directory, as on Red Hat
  }
}

/** File names in a directory of rules; none for a file. */
export function namesIn(path: string): string[] {
  return path.endsWith('.d') && lstatSync(path, { throwIfNoEntry: false }) !== undefined
    ? readdirSync(path).sort()
    : [];
}

function stateOf(path: string): string {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return `${path} none`;
  const { dev, ino, size, mtimeNs, ctimeNs, mode } = found;
  return `${path} ${[dev, ino, size, mtimeNs, ctimeNs, mode].join(' ')}`;
}
