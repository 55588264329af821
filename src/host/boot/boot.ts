import { bootScripts, type BootScript } from './boot-scripts.ts';
import { cronLines, type CronLine } from './crontabs.ts';
import { pm2HomeOfUnit, isEvidence } from '../homes/homes.ts';
import { rcLocalLines } from './rc-local.ts';
import { askSystemd, type Systemd } from './systemd.ts';
import { pm2Units, pm2UserUnits, type Unit } from './units.ts';

export interface BootFacts {
  units: Unit[];
  /** Only those whose PM2_HOME belongs to their user. */
  userUnits: Unit[];
  systemd: Systemd;
  scripts: BootScript[];
  crontabs: CronLine[];
}

export function bootFacts(): BootFacts {
  const units = pm2Units();
  const systemd = askSystemd(units.map(({ name }) => name));
  return {
    units,
    userUnits: pm2UserUnits().filter((unit) => isEvidence(unit, pm2HomeOfUnit(unit))),
    systemd,
    scripts: [...bootScripts(systemd.version !== null), ...rcLocalLines()],
    crontabs: cronLines(),
  };
}
