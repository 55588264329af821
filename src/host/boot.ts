import { bootScripts, type BootScript } from './boot-scripts.ts';
import { cronLines, type CronLine } from './crontabs.ts';
import { homeOfUnit, isEvidence } from './homes.ts';
import { askSystemd, type Systemd } from './systemd.ts';
import { pm2Units, pm2UserUnits, type Unit } from './units.ts';

/** All that brings PM2 daemons up without anybody typing. */
export interface BootFacts {
  /** Of the system's manager. */
  units: Unit[];
  /** Of the users' own managers: those that speak of a PM2_HOME of that very user. */
  userUnits: Unit[];
  systemd: Systemd;
  scripts: BootScript[];
  crontabs: CronLine[];
}

/** Reads units, scripts and crontabs as text, and asks systemd where it runs. */
export function bootFacts(): BootFacts {
  const units = pm2Units();
  return {
    units,
    userUnits: pm2UserUnits().filter((unit) => isEvidence(unit, homeOfUnit(unit))),
    systemd: askSystemd(units.map(({ name }) => name)),
    scripts: bootScripts(),
    crontabs: cronLines(),
  };
}
