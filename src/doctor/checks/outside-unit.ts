import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere } from '../placement.ts';
import { bootUnitOfDaemon, intoUnit, runningUnit } from '../through-unit.ts';

/** PD111: a daemon that does not run in its boot unit. Needs a running systemd. */
export const outsideUnit: Check = {
  name: 'outside its unit',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { process, pm2Home, pid, reachable } = daemon;
      const unit = bootUnitOfDaemon(daemon, facts);
      const state = unit === null || unit.manager !== null ? undefined : facts.boot.systemd.states?.get(unit.name);
      if (unit === null || state === undefined || process === null || !reachable) return [];
      if (runningUnit(daemon, facts) === unit) return [];
      return [
        {
          code: 'PD111',
          urgency: 'wrong',
          fix: null,
          trap: null,
          subject: about({ home: pm2Home, pid, path: unit.file }),
          what: `the daemon of ${daemon.user ?? 'a user without an account'} in ${pm2Home} is not ${unit.name}'s`,
          evidence: [
            `pid ${pid ?? ''} is in the control group ${process.cgroups.join(', ') || '/'}`,
            `systemd says that ${unit.name} is ` +
              `${state.active}${state.mainPid === null ? '' : `, with main process ${state.mainPid}`}`,
          ],
          why:
            'A pm2 command in a session spawned it, and it may end with that session. systemctl stop does not ' +
            'reach it, and systemctl start fails.',
          repair: intoUnit(daemon, unit, facts),
        },
      ];
    }),
};
