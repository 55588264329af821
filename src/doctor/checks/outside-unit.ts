import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import { bootUnitName } from '../../policy/service-name.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, declaredAs } from '../placement.ts';
import type { CommandWords } from '../repair.ts';
import { bootUnitOfDaemon, moveIntoUnit, runningUnit } from '../through-unit.ts';
import { retireCommands, startupFor } from '../unit-words.ts';

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
            unit.seat?.inSession === true
              ? 'ExecStart= goes through su, which opens a session: systemd loses the daemon at each start, does not ' +
                'restart it when it ends, and ends it with the session where logind has KillUserProcesses=yes.'
              : 'A pm2 command in a session spawned it, and it may end with that session. systemctl stop does not ' +
                'reach it, and systemctl start fails.',
          repair: unit.seat?.inSession === true ? replaced(daemon, unit, facts) : moveIntoUnit(daemon, unit, facts),
        },
      ];
    }),
};

/** The daemon moves into a unit of PM2's own, which has User=. */
function replaced(daemon: DaemonFacts, unit: Unit, facts: HostFacts): CommandWords[] {
  const declared = declaredAs(daemon);
  if (declared === null) return [];
  const moved = moveIntoUnit(
    daemon,
    { name: bootUnitName(declared, facts.policy?.daemons ?? []), manager: null },
    facts,
  );
  return moved.length === 0 ? [] : [...retireCommands(unit), startupFor(declared, facts), ...moved];
}
