import { pm2HomeOfLine } from '../../host/boot/crontabs.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import type { Daemon } from '../../policy/policy.ts';
import { bootUnitName } from '../../policy/service-name.ts';
import { isSamePm2Home, unclearStarts } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, pm2HomeOf, isUndeclared, placementOf, savedList, savedNames } from '../placement.ts';
import { pm2In, type CommandWords } from '../repair.ts';
import { bootUnitOfDaemon, startCommands } from '../through-unit.ts';
import { startupFor } from '../unit-words.ts';
import { as, listed } from '../words.ts';

/** PD204, PD205, T26: the running apps differ from the saved list. */
export const savedListChecks: Check = {
  name: 'saved lists',
  find: (facts) =>
    daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { apps, failure, reachable, pm2Home, pid } = daemon;
      const saved = savedList(pm2HomeOf(daemon, facts));
      const list = `${pm2Home}/${saved?.file ?? 'dump.pm2'}`;
      if (failure !== null || !reachable || isUndeclared(daemon, facts)) return [];
      const running = apps.map(({ name }) => name);
      const kept = saved?.apps.map(({ name }) => name) ?? [];
      // A saved stray would come back at boot.
      const fresh = (bootUnitOfDaemon(daemon, facts)?.namesApps === true ? [] : apps)
        .filter((app) => placementOf(app, daemon, facts).type !== 'stray' && !kept.includes(app.name))
        .map(({ name }) => name);
      const lost = kept.filter((name) => !running.includes(name));
      const shared = {
        fix: null,
        trap: 'T26',
        subject: about({ home: pm2Home, pid, path: list }),
      } as const;
      return [
        ...(fresh.length === 0
          ? []
          : [
              {
                ...shared,
                code: 'PD204' as const,
                urgency: 'wrong' as const,
                what: `${listed(fresh)} would not come back after a reboot`,
                evidence: [
                  saved === null
                    ? `${list} does not exist, or is no list`
                    : `${list} holds ${kept.length === 0 ? 'nothing' : listed(kept)}`,
                  `the daemon there runs ${listed(running)}`,
                ],
                why: 'PM2 brings back what was saved, and nothing else.',
                repair: pm2In(daemon, facts, 'save'),
              },
            ]),
        ...(lost.length === 0
          ? []
          : [
              {
                ...shared,
                code: 'PD205' as const,
                urgency: 'wrong' as const,
                what: `${listed(lost)} is saved and not in the daemon: it would come back after a reboot`,
                evidence: [
                  `${list} holds ${listed(kept)}`,
                  `the daemon there has ${running.length === 0 ? 'nothing' : listed(running)}`,
                ],
                why:
                  'It was deleted without pm2 save, or the daemon started without pm2 resurrect. Where it was ' +
                  'deleted on purpose, save instead.',
                repair: pm2In(daemon, facts, 'resurrect'),
              },
            ]),
      ];
    }),
};

/** PD115: a declared daemon that has saved apps and does not run. */
export const absentDaemon: Check = {
  name: 'absent daemon',
  find: (facts) =>
    (facts.policy?.daemons ?? []).flatMap((declared): DoctorFinding[] => {
      const { daemons, pm2Homes } = facts;
      if (daemons.some((daemon) => daemon.declared?.name === declared.name)) return [];
      const names = savedNames(pm2Homes.find((one) => one.pm2Home === declared.pm2Home) ?? null) ?? [];
      if (names.length === 0) return [];
      const unit = bootUnitOfDaemon(declared, facts);
      return [
        {
          code: 'PD115',
          urgency: 'wrong',
          fix: null,
          trap: null,
          subject: about({ home: declared.pm2Home }),
          what: `the daemon ${declared.name} does not run, and has apps`,
          evidence: [
            `no process listens in ${declared.pm2Home}`,
            `its saved list holds ${listed(names)}`,
            ...(unit === null ? [] : [`${unit.file} should start it`]),
          ],
          why: 'They are down until it is started. The next pm2 command spawns an empty daemon, outside of any unit.',
          repair: broughtUp(declared, unit, facts),
        },
      ];
    }),
};

function broughtUp(declared: Daemon, unit: Unit | null, facts: HostFacts): CommandWords[] {
  if (unit !== null) return startCommands(unit, facts);
  if (facts.boot.systemd.states !== null && facts.asRoot && !startedElsehow(declared, facts)) {
    const name = bootUnitName(declared, facts.policy?.daemons ?? []);
    return [startupFor(declared, facts), ...startCommands({ name, manager: null }, facts)];
  }
  // pm2 spawns its daemon in the working directory, so this user needs access to it.
  return [as(declared.user, ['env', '-C', '/', `PM2_HOME=${declared.pm2Home}`, 'pm2', 'resurrect'])];
}

/** A boot script or crontab already starts it. A unit would start it twice. */
function startedElsehow({ pm2Home, user, uid }: Daemon, facts: HostFacts): boolean {
  return (
    facts.boot.scripts.some((script) => script.enabled && script.user === user) ||
    unclearStarts(uid, facts).length > 0 ||
    facts.boot.crontabs.some((line) => line.when === '@reboot' && isSamePm2Home(pm2HomeOfLine(line), pm2Home, facts))
  );
}
