import type { UnitState } from '../../host/boot/systemd.ts';
import { pm2HomeOfUnit } from '../../host/homes/homes.ts';
import { isSamePm2Home } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere } from '../placement.ts';
import { startOfDeclared } from '../through-unit.ts';

export const failedUnits: Check = {
  name: 'failed units',
  find: (facts) =>
    facts.units.flatMap((unit): DoctorFinding[] => {
      const state = facts.boot.systemd.states?.get(unit.name);
      if (state?.active !== 'failed') return [];
      const pm2Home = pm2HomeOfUnit(unit);
      return [
        {
          code: 'PD412',
          urgency: 'wrong',
          what: `${unit.name} has failed: ${reasonOf(state)}`,
          evidence: [
            `${unit.file}${unit.enabled ? ' is enabled' : ''}: systemd gives the result ${state.result}`,
            ...daemonsHere(facts)
              .filter((daemon) => isSamePm2Home(daemon.pm2Home, pm2Home, facts))
              .map(
                ({ user, pid }) => `pid ${pid ?? '?'} of ${user ?? 'another user'} runs in ${pm2Home}, outside of it`,
              ),
            `its own words:  journalctl -u ${unit.name} -n 20`,
          ],
          why: 'What it should run is down, or runs where systemd neither restarts nor stops it.',
          repair: startOfDeclared(unit, pm2Home, facts),
          fix: null,
          trap: null,
          subject: about({ home: pm2Home, path: unit.file }),
        },
      ];
    }),
};

/** Sources: systemd.exec(5), $SERVICE_RESULT; docs/contract.md section 4. */
function reasonOf({ result, exitStatus }: UnitState): string {
  if (result === 'exit-code' && exitStatus === 126) return 'pm2-guard blocked its pm2';
  if (result === 'exit-code' && exitStatus === 217) return 'its user does not exist';
  if (result === 'exit-code' && exitStatus === 203) return 'its program cannot be run';
  if (result === 'exit-code') return `its program ended with status ${exitStatus ?? '?'}`;
  if (result === 'protocol') return 'its daemon did not start, or another one has its pid file';
  if (result === 'timeout') return 'its daemon was not up in time';
  return result;
}
