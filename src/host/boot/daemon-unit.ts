import { asUid, type Pm2Home, type Uid } from '../../runtime/brands.ts';
import { realpathOrSelf } from '../../runtime/peek.ts';
import { pm2HomeOfUnit } from '../homes/homes.ts';
import type { Unit } from './units.ts';

export interface Service {
  /** Uid of the user manager; null: the system manager. */
  manager: Uid | null;
  name: string;
}

export interface DaemonSeat {
  /** Null: unknown. */
  uid: Uid | null;
  pm2Home: Pm2Home;
}

/**
 * The service of a process. A user can make cgroup directories of any name, but only below user@UID.service. So a
 * system service counts only directly below slices.
 * @param cgroups such as `/system.slice/pm2-www-data.service`
 */
export function serviceOf(cgroups: readonly string[]): Service | null {
  for (const path of cgroups) {
    const [first, ...rest] = belowSlices(path.split('/').filter((part) => part !== ''));
    if (first === undefined || !first.endsWith('.service')) continue;
    const [, uid] = /^user@(\d+)\.service$/.exec(first) ?? [];
    if (uid === undefined) return { manager: null, name: first };
    const [own] = belowSlices(rest);
    if (own?.endsWith('.service')) return { manager: asUid(Number(uid)), name: own };
  }
  return null;
}

function belowSlices(parts: readonly string[]): readonly string[] {
  const at = parts.findIndex((part) => !part.endsWith('.slice'));
  return at < 0 ? [] : parts.slice(at);
}

export function unitAround(cgroups: readonly string[], uid: Uid | null, units: readonly Unit[]): Unit | null {
  const service = serviceOf(cgroups);
  if (service === null) return null;
  const isMeant = ({ manager, account }: Unit) =>
    service.manager === null
      ? manager === null
      : manager !== null && account?.uid === service.manager && uid === service.manager;
  return units.find((unit) => unit.name === service.name && isMeant(unit)) ?? null;
}

/** The unit for this user and PM2_HOME: enabled before disabled, then system before user. */
export function unitFor({ uid, pm2Home }: DaemonSeat, units: readonly Unit[]): Unit | null {
  const real = realpathOrSelf(pm2Home);
  const own = units.filter(
    (unit) => uid !== null && unit.account?.uid === uid && realpathOrSelf(pm2HomeOfUnit(unit)) === real,
  );
  const rank = ({ enabled, manager }: Unit) => (enabled ? 0 : 2) + (manager === null ? 0 : 1);
  return [...own].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

export function bootUnitFor(seat: DaemonSeat, units: readonly Unit[]): Unit | null {
  const unit = unitFor(seat, units);
  return unit?.enabled === true ? unit : null;
}

export function systemctlWords(unit: Pick<Unit, 'name' | 'manager'>, ...verb: string[]): string[] {
  if (unit.manager === null) return ['systemctl', ...verb, unit.name];
  return ['systemctl', '--user', '-M', `${unit.manager}@`, ...verb, '--', unit.name];
}
