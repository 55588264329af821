import { bootUnitFor } from '../host/boot/daemon-unit.ts';
import { pm2HomeOfUnit } from '../host/homes/homes.ts';
import { runSystemctl } from '../host/boot/systemctl.ts';
import { allPm2Units, pm2Units, pm2UserUnits, type Unit } from '../host/boot/units.ts';
import { readDumpRecords } from '../pm2/dump.ts';
import { dumpFile } from '../pm2/home.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import type { Move } from './move.ts';

/**
 * Enabled boot units that these moves made useless: their list is empty now, or they would start a daemon of the
 * wrong user in the new PM2_HOME. A unit whose list still holds apps is kept.
 */
export function uselessUnits(moves: readonly Pick<Move, 'from' | 'to' | 'forget'>[]): Unit[] {
  return pm2Units().filter((unit) => {
    const pm2Home = realpathOrSelf(pm2HomeOfUnit(unit));
    if (!unit.enabled) return false;
    if (moves.some(({ to }) => to.pm2Home === pm2Home))
      return moves.every(({ to }) => to.pm2Home !== pm2Home || to.uid !== unit.account?.uid);
    const left = moves.some(({ from, forget }) => [from, ...forget].some((seat) => seat.pm2Home === pm2Home));
    return left && !unit.namesApps && (readDumpRecords(dumpFile(pm2Home)) ?? []).length === 0;
  });
}

/** Daemons that received an app and that no unit starts at boot. */
export function withoutBootUnit(moves: readonly Pick<Move, 'to'>[]): Move['to'][] {
  const system = allPm2Units();
  const units = [...system.units, ...pm2UserUnits()];
  // One of these may start it. Root's start any user's.
  const unclear = system.unclear.filter(({ enabled }) => enabled);
  const isUnclear = ({ uid }: Move['to']) =>
    unclear.some(({ account }) => account === null || [0, uid].includes(account.uid));
  const seats = [...new Map(moves.map(({ to }) => [to.pm2Home, to])).values()];
  return seats.filter((seat) => bootUnitFor(seat, units) === null && !isUnclear(seat));
}

/** @returns null if it is disabled, else the reason it is not */
export function disableUnit({ name }: Unit): string | null {
  return runSystemctl('disable', name);
}
