import { asPm2Home, type Pm2Home } from '../../runtime/brands.ts';
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { accountByName, accountByUid, localAccounts } from '../../identity/accounts.ts';
import { dumpFile, defaultPm2Home } from '../../pm2/home.ts';
import { isDirectory, ownerOf, realpathOrNull, statOf } from '../../runtime/peek.ts';
import { isGoodFor } from '../../trust/word.ts';
import { HOMELESS } from '../boot/runner.ts';
import { pm2Units, wordOfUnit, type Unit } from '../boot/units.ts';

export interface FoundPm2Home {
  pm2Home: Pm2Home;
  /** The unit's user, else the directory's owner. Null: a uid without an account. */
  user: string | null;
  /** Whether it has a saved list. */
  dump: boolean;
  /** Its boot unit, first an enabled one, then one of the directory's owner. */
  unit: Unit | null;
}

/** With HOME=/ (T16). */
const ROOT_OF_ALL = asPm2Home('/.pm2');

/** PM2_HOMEs of home directories in /etc/passwd, PM2's fallbacks, boot units, and `more`, existing or not. */
export function pm2HomesOnHost(more: readonly Pm2Home[] = [], boot: readonly Unit[] = pm2Units()): FoundPm2Home[] {
  const units = boot
    .map((unit) => ({ unit, pm2Home: pm2HomeOfUnit(unit) }))
    .filter(({ unit, pm2Home }) => mayNameUserOf(unit, pm2Home));
  const usual = localAccounts()
    .filter(({ homeDirectory }) => isAbsolute(homeDirectory))
    .map(({ homeDirectory }) => defaultPm2Home(homeDirectory));
  const pm2Homes = new Set([
    ...units.map(({ pm2Home }) => pm2Home),
    ...more,
    ...[...usual, HOMELESS, ROOT_OF_ALL].filter(isDirectory),
  ]);
  return [...pm2Homes].map((pm2Home) => {
    const candidates = units.filter((one) => one.pm2Home === pm2Home).map(({ unit }) => unit);
    const own = ownerOf(pm2Home);
    const rank = ({ enabled, account }: Unit) => (enabled ? 0 : 2) + (account !== null && account.uid === own ? 0 : 1);
    const unit = [...candidates].sort((a, b) => rank(a) - rank(b))[0] ?? null;
    return {
      pm2Home,
      user: unit ? (unit.account?.name ?? unit.user ?? unit.manager ?? 'root') : ownerNameOf(pm2Home),
      dump: existsSync(dumpFile(pm2Home)),
      unit,
    };
  });
}

/**
 * Whether a unit may name the user of a PM2_HOME. A unit of root may. A user's unit may if that user owns the PM2_HOME
 * or its parent directory.
 */
export function mayNameUserOf(unit: Unit, pm2Home: Pm2Home): boolean {
  const word = wordOfUnit(unit);
  if (word.by === 'root') return true;
  const real = realpathOrNull(pm2Home);
  return [real, real === null ? realpathOrNull(dirname(pm2Home)) : dirname(real)].some((path) => {
    const owner = path === null ? null : (statOf(path)?.uid ?? null);
    return owner !== null && isGoodFor(word, owner);
  });
}

/** The PM2_HOME of a unit's daemon, for an unknown PM2 version (T15). */
export function pm2HomeOfUnit({ user, manager, pm2Home, homeDirectory, account, seat }: Unit): Pm2Home {
  if (seat !== null) return seat.pm2Home;
  if (pm2Home !== null) return asPm2Home(resolve('/', pm2Home));
  if (homeDirectory !== null) return defaultPm2Home(resolve('/', homeDirectory));
  if (manager !== null) return defaultPm2Home(accountByName(manager)?.homeDirectory ?? '/');
  // systemd sets HOME only with User= (systemd.exec(5))
  if (user === null)
    return isDirectory(HOMELESS) ? HOMELESS : defaultPm2Home(accountByName('root')?.homeDirectory ?? '/root');
  return defaultPm2Home(account?.homeDirectory ?? '/');
}

function ownerNameOf(pm2Home: Pm2Home): string | null {
  const uid = ownerOf(pm2Home);
  return uid === null ? null : (accountByUid(uid)?.name ?? null);
}
