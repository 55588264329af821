import { realpathOrSelf } from '../runtime/peek.ts';
import { homeOfUnit } from './homes.ts';
import type { Unit } from './units.ts';

/** A service, as a path of control groups names it. */
export interface Service {
  /** Uid of the user whose service manager runs it; null: the system's manager. */
  manager: number | null;
  name: string;
}

/** A daemon by what makes it one: its user and its PM2_HOME. */
export interface DaemonSeat {
  /** null: not known. */
  uid: number | null;
  /** PM2_HOME, absolute. */
  home: string;
}

/**
 * The service in whose control group a process is. A user can make directories of any name, but only below the group of
 * that user's own manager (user@UID.service): a service counts as the system's only where nothing but slices is above
 * it.
 *
 * @param cgroups of /proc/PID/cgroup, without hierarchies: `/system.slice/pm2-www-data.service`
 * @returns null where it is in none, such as a login session
 */
export function serviceOf(cgroups: readonly string[]): Service | null {
  for (const path of cgroups) {
    const [first, ...rest] = belowSlices(path.split('/').filter((part) => part !== ''));
    if (first === undefined || !first.endsWith('.service')) continue;
    const [, uid] = /^user@(\d+)\.service$/.exec(first) ?? [];
    if (uid === undefined) return { manager: null, name: first };
    const [own] = belowSlices(rest);
    if (own?.endsWith('.service')) return { manager: Number(uid), name: own };
  }
  return null;
}

function belowSlices(parts: readonly string[]): readonly string[] {
  const at = parts.findIndex((part) => !part.endsWith('.slice'));
  return at < 0 ? [] : parts.slice(at);
}

/** The unit in whose control group a process is; null: it is in none of these. */
export function unitAround(cgroups: readonly string[], uid: number | null, units: readonly Unit[]): Unit | null {
  const service = serviceOf(cgroups);
  if (service === null) return null;
  const isMeant = ({ manager, account }: Unit) =>
    service.manager === null
      ? manager === null
      : manager !== null && account?.uid === service.manager && uid === service.manager;
  return units.find((unit) => unit.name === service.name && isMeant(unit)) ?? null;
}

/**
 * The unit that starts this very daemon: of this user and with this PM2_HOME. An enabled one comes first, and one of
 * the system's manager before one of the user's own.
 */
export function unitFor({ uid, home }: DaemonSeat, units: readonly Unit[]): Unit | null {
  const real = realpathOrSelf(home);
  const own = units.filter(
    (unit) => uid !== null && unit.account?.uid === uid && realpathOrSelf(homeOfUnit(unit)) === real,
  );
  const rank = ({ enabled, manager }: Unit) => (enabled ? 0 : 2) + (manager === null ? 0 : 1);
  return [...own].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** The enabled unit that starts this daemon at boot; null: none. */
export function bootUnitFor(seat: DaemonSeat, units: readonly Unit[]): Unit | null {
  const unit = unitFor(seat, units);
  return unit?.enabled === true ? unit : null;
}

/** What systemctl(1) is told to act on a unit of the system's manager, or of a user's. */
export function systemctlWords(unit: Pick<Unit, 'name' | 'manager'>, ...verb: string[]): string[] {
  if (unit.manager === null) return ['systemctl', ...verb, unit.name];
  return ['systemctl', '--user', '-M', `${unit.manager}@`, ...verb, '--', unit.name];
}
