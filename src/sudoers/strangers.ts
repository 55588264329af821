import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';

/** Written by root: users of this host whom sudo lets run nothing as the users of the daemons. */
export const STRANGERS_FILE = '/var/lib/pm2-guard/no-sudo.json';

/** What sudo's answer depends on. The files of the directory count as well. */
const SUDOERS = ['/etc/sudoers', '/etc/sudoers-rs', '/etc/sudoers.d', '/etc/group'];

export interface Strangers {
  /** `stateOfSudoers` when sudo was asked. */
  state: string;
  /** By the user of a daemon, names of users. */
  users: Record<string, string[]>;
}

/**
 * Whether sudo gives a user nothing, by what root was told when it asked. Only ever used to ask sudo less: where the
 * list is missing, or sudoers were changed since, the answer is no.
 *
 * @param as the user of a daemon
 */
export function isStranger(user: string, as: string): boolean {
  try {
    if (findUntrusted(STRANGERS_FILE, 'file') !== null) return false;
    const { state, users } = JSON.parse(readFileSync(STRANGERS_FILE, 'utf8')) as Strangers;
    return Object.hasOwn(users, as) && users[as]?.includes(user) === true && state === stateOfSudoers();
  } catch {
    return false;
  }
}

/** Identity and times of all files that sudo reads; null: not all of them can be seen by everybody. */
export function stateOfSudoers(): string | null {
  try {
    return JSON.stringify(
      SUDOERS.flatMap((path) => [stateOf(path), ...namesIn(path).map((name) => stateOf(join(path, name)))]),
    );
  } catch {
    return null; // EACCES: a directory that is closed, as Red Hat's
  }
}

function namesIn(path: string): string[] {
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
