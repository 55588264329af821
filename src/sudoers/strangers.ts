import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';

/** Written by root: users who may run nothing as the daemons' users. */
export const STRANGERS_FILE = '/var/lib/pm2-guard/no-sudo.json';

/** Changes of these files make the list invalid. */
const SUDOERS = ['/etc/sudoers', '/etc/sudoers-rs', '/etc/sudoers.d', '/etc/group'];

export interface Strangers {
  state: string;
  users: Record<string, string[]>;
}

/** Whether sudo refused the user when root asked. Only avoids questions: false if unknown or sudoers changed. */
export function isStranger(user: string, as: string): boolean {
  try {
    if (findUntrusted(STRANGERS_FILE, 'file') !== null) return false;
    const { state, users } = JSON.parse(readFileSync(STRANGERS_FILE, 'utf8')) as Strangers;
    return Object.hasOwn(users, as) && users[as]?.includes(user) === true && state === stateOfSudoers();
  } catch {
    return false;
  }
}

/** Null: not all sudoers files are readable. */
export function stateOfSudoers(): string | null {
  try {
    return JSON.stringify(
      SUDOERS.flatMap((path) => [stateOf(path), ...namesIn(path).map((name) => stateOf(join(path, name)))]),
    );
  } catch {
    return null; // EACCES: closed directory, as on Red Hat
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
