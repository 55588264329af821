import { accountByName } from '../../identity/accounts.ts';
import { bootScripts, type BootScript } from './boot-scripts.ts';
import { cronJobs, type CronLine } from './crontabs.ts';
import { pm2HomeOfUnit, mayNameUserOf } from '../homes/homes.ts';
import { rcLocal } from './rc-local.ts';
import { askSystemd, type Systemd } from './systemd.ts';
import type { UnclearStart } from './unit-start.ts';
import { allPm2Units, allPm2UserUnits, type Unit } from './units.ts';

export interface BootFacts {
  units: Unit[];
  /** Only those whose PM2_HOME belongs to their user. */
  userUnits: Unit[];
  systemd: Systemd;
  scripts: BootScript[];
  crontabs: CronLine[];
  /** What may start any daemon of its user, or of all users. */
  unclear: UnclearStart[];
}

export function bootFacts(): BootFacts {
  const { units, unclear } = allPm2Units();
  const own = allPm2UserUnits();
  const local = rcLocal();
  const { lines: crontabs, scripts } = cronJobs();
  const systemd = askSystemd(units.map(({ name }) => name));
  return {
    units,
    userUnits: own.units.filter((unit) => mayNameUserOf(unit, pm2HomeOfUnit(unit))),
    systemd,
    scripts: [...bootScripts(systemd.version !== null), ...local.lines],
    crontabs,
    unclear: [...unclear, ...own.unclear, ...local.unclear, ...crontabs.flatMap(unclearAtBoot), ...scripts],
  };
}

/** A user's crontab says nothing about the daemon of another user. */
function unclearAtBoot({ file, line, user, when, isUnclear }: CronLine): UnclearStart[] {
  if (when !== '@reboot' || !isUnclear) return [];
  const name = `${file}:${line}`;
  return [{ name, file, enabled: true, account: accountByName(user), why: 'its pm2 is not understood' }];
}
