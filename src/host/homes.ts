import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { accountByName, accountByUid, localAccounts } from '../identity/accounts.ts';
import { dumpFile } from '../pm2/home.ts';
import { isDirectory, ownerOf, realpathOrNull, statOf } from '../runtime/peek.ts';
import { isGoodFor } from '../trust/word.ts';
import { pm2Units, wordOfUnit, type Unit } from './units.ts';

/** A directory that could hold a daemon, whether one runs there or not. */
export interface Home {
  home: string;
  /** Whose daemon it would be: the unit's user, else the owner of the directory. Null: a uid without an account. */
  user: string | null;
  /** Something was saved there. */
  dump: boolean;
  /** What brings it up at boot: of several an enabled one, and of those the one of the directory's owner. */
  unit: Unit | null;
}

/** Where PM2 5 and 6 go without a HOME, as services and cloud-init call them (T15). */
const HOMELESS = '/etc/.pm2';

/** Where it goes with HOME=/ (T16). */
const ROOT_OF_ALL = '/.pm2';

/**
 * The homes of this host: `.pm2` in every home of /etc/passwd, PM2's last resorts, and what the boot units name.
 *
 * @param more that are meant or were seen elsewhere, whether they are there or not
 */
export function homesOnHost(more: readonly string[] = [], boot: readonly Unit[] = pm2Units()): Home[] {
  const units = boot
    .map((unit) => ({ unit, home: homeOfUnit(unit) }))
    .filter(({ unit, home }) => isEvidence(unit, home));
  const usual = localAccounts()
    .filter(({ home }) => isAbsolute(home))
    .map(({ home }) => join(home, '.pm2'));
  const homes = new Set([
    ...units.map(({ home }) => home),
    ...more,
    ...[...usual, HOMELESS, ROOT_OF_ALL].filter(isDirectory),
  ]);
  return [...homes].map((home) => {
    const candidates = units.filter((one) => one.home === home).map(({ unit }) => unit);
    const own = ownerOf(home);
    const rank = ({ enabled, account }: Unit) => (enabled ? 0 : 2) + (account !== null && account.uid === own ? 0 : 1);
    const unit = [...candidates].sort((a, b) => rank(a) - rank(b))[0] ?? null;
    return {
      home,
      user: unit ? (unit.user ?? unit.manager ?? 'root') : ownerNameOf(home),
      dump: existsSync(dumpFile(home)),
      unit,
    };
  });
}

/**
 * Whether a unit may say for whom a PM2_HOME is. One of the system's may: it is root's word. One of a user's own
 * manager may only where the kernel says that the directory, or the one that holds it, is this user's.
 */
export function isEvidence(unit: Unit, home: string): boolean {
  const word = wordOfUnit(unit);
  if (word.by === 'root') return true;
  const real = realpathOrNull(home);
  return [real, real === null ? realpathOrNull(dirname(home)) : dirname(real)].some((path) => {
    const owner = path === null ? null : (statOf(path)?.uid ?? null);
    return owner !== null && isGoodFor(word, owner);
  });
}

/** The home in which a unit starts its daemon, as far as that can be told without knowing its PM2 (T15). */
export function homeOfUnit({ user, manager, home, userHome }: Unit): string {
  if (home !== null) return resolve('/', home);
  if (userHome !== null) return resolve('/', userHome, '.pm2');
  if (manager !== null) return join(accountByName(manager)?.home ?? '/', '.pm2');
  // systemd sets HOME only with User=
  if (user === null) return isDirectory(HOMELESS) ? HOMELESS : join(accountByName('root')?.home ?? '/root', '.pm2');
  return join(accountByName(user)?.home ?? '/', '.pm2');
}

function ownerNameOf(home: string): string | null {
  const uid = ownerOf(home);
  return uid === null ? null : (accountByUid(uid)?.name ?? null);
}
