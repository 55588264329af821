import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { accountByName, accountByUid, localAccounts } from '../identity/accounts.ts';
import { dumpFile } from '../pm2/home.ts';
import { pm2Units, type Unit } from './units.ts';

/** A directory that could hold a daemon, whether one runs there or not. */
export interface Home {
  home: string;
  /** Whose daemon it would be: the unit's user, else the owner of the directory. Null: a uid without an account. */
  user: string | null;
  /** Something was saved there. */
  dump: boolean;
  /** What brings it up at boot. */
  unit: Unit | null;
}

/** Where PM2 5 and 6 go without a HOME, as services and cloud-init call them (T15). */
const HOMELESS = '/etc/.pm2';

/** The homes of this host: `.pm2` in every home of /etc/passwd, PM2's last resort, and what the boot units name. */
export function homesOnHost(): Home[] {
  const units = pm2Units().map((unit) => ({ unit, home: homeOfUnit(unit) }));
  const usual = localAccounts().filter(({ home }) => isAbsolute(home)).map(({ home }) => join(home, '.pm2')).filter(isDirectory);
  const homes = new Set([...units.map(({ home }) => home), ...usual, ...(isDirectory(HOMELESS) ? [HOMELESS] : [])]);
  return [...homes].map((home) => {
    const candidates = units.filter((one) => one.home === home).map(({ unit }) => unit);
    const unit = candidates.find(({ enabled }) => enabled) ?? candidates[0] ?? null;
    return { home, user: unit ? unit.user ?? 'root' : ownerOf(home), dump: existsSync(dumpFile(home)), unit };
  });
}

/** The home that a unit's daemon lives in. */
export function homeOfUnit({ user, home }: Unit): string {
  if (home !== null) return resolve('/', home);
  if (user === null) return isDirectory(HOMELESS) ? HOMELESS : join(accountByName('root')?.home ?? '/root', '.pm2'); // systemd sets HOME only with User=
  return join(accountByName(user)?.home ?? '/', '.pm2');
}

function ownerOf(home: string): string | null {
  const uid = statSync(home, { throwIfNoEntry: false })?.uid;
  return uid === undefined ? null : accountByUid(uid)?.name ?? null;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
