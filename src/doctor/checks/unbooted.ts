import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import { pm2HomeOfLine } from '../../host/boot/crontabs.ts';
import { serviceOf } from '../../host/boot/daemon-unit.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import { bootUnitName } from '../../policy/service-name.ts';
import { allUnits, bootsOf, isSamePm2Home, unclearStarts } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { daemonsHere, declaredAs, pm2HomeOf, placementOf, savedNames } from '../placement.ts';
import type { CommandWords } from '../repair.ts';
import { bootUnitOfDaemon, moveIntoUnit, runningUnit, systemctl, unitOfDaemon } from '../through-unit.ts';
import { startupFor } from '../unit-words.ts';
import { listed } from '../words.ts';

/** Services that start what people and jobs type. A daemon in their control group was not started at boot. */
const SESSIONS = /^(cron|crond|atd|anacron|ssh|sshd|ssh@.*|sshd@.*|run-.*|user@\d+)\.service$/;

/** PD411: a declared daemon with apps that nothing starts at boot. Needs a running systemd. */
export const unbootedDaemons: Check = {
  name: 'daemons that nothing starts at boot',
  find: (facts) => {
    if (facts.boot.systemd.states === null || !facts.asRoot) return [];
    return daemonsHere(facts).flatMap((daemon): DoctorFinding[] => {
      const { pm2Home, pid, user } = daemon;
      const declared = declaredAs(daemon);
      if (declared === null || !daemon.reachable || isBooted(daemon, facts)) return [];
      const running = daemon.apps.filter((app) => placementOf(app, daemon, facts).type !== 'stray');
      const names = [...new Set([...running.map(({ name }) => name), ...(savedNames(pm2HomeOf(daemon, facts)) ?? [])])];
      if (names.length === 0) return [];
      const unit = unitOfDaemon(daemon, facts);
      return [
        {
          code: 'PD411',
          urgency: 'wrong',
          what: `nothing starts the daemon of ${user ?? 'a user without an account'} in ${pm2Home} at boot`,
          evidence: [
            unit === null ? 'no unit, boot script or crontab starts it' : `${unit.file} is not enabled`,
            `it has ${listed(names)}`,
          ],
          why: 'After the next reboot these apps are down.',
          repair: unit === null ? written(daemon, facts) : enabled(daemon, unit, facts),
          fix: null,
          trap: null,
          subject: about({ home: pm2Home, pid, path: unit?.file ?? null }),
        },
      ];
    });
  },
};

/** Also where it is not known. */
function isBooted(daemon: DaemonFacts, facts: HostFacts): boolean {
  const { pm2Home, process } = daemon;
  if (bootUnitOfDaemon(daemon, facts) !== null) return true;
  if (unclearStarts(daemon.uid, facts).length > 0) return true;
  const boots = bootsOf(facts).filter(({ enabled }) => enabled);
  if (boots.some((boot) => boot.user === daemon.user && isSamePm2Home(boot.pm2Home, pm2Home, facts))) return true;
  const atBoot = facts.boot.crontabs.filter(({ when }) => when === '@reboot');
  if (atBoot.some((line) => isSamePm2Home(pm2HomeOfLine(line), pm2Home, facts))) return true;
  const service = process === null ? null : serviceOf(process.cgroups);
  return service !== null && runningUnit(daemon, facts) === null && !SESSIONS.test(service.name);
}

function enabled(daemon: DaemonFacts, unit: Unit, facts: HostFacts): CommandWords[] {
  const enable = systemctl(unit, 'enable');
  return runningUnit(daemon, facts) === unit ? [enable] : [enable, ...moveIntoUnit(daemon, unit, facts)];
}

/** The daemon then moves into the unit, because the unit's first start fails beside a running daemon. */
function written(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const declared = declaredAs(daemon);
  if (declared === null) return [];
  const unit = { name: bootUnitName(declared, facts.policy?.daemons ?? []), manager: null };
  const moved = moveIntoUnit(daemon, unit, facts);
  return moved.length === 0 ? [] : [startupFor(declared, facts), ...moved];
}

/** PD413: a user unit that starts at the user's first login and ends after the last logout. */
export const lingering: Check = {
  name: 'units of users that do not linger',
  find: (facts) =>
    allUnits(facts).flatMap((unit): DoctorFinding[] => {
      const { manager, name, file } = unit;
      if (manager === null || !unit.enabled || unit.lingers || facts.boot.systemd.states === null) return [];
      return [
        {
          code: 'PD413',
          urgency: 'wrong',
          what: `${name} of ${manager} starts at a login of ${manager}, and not at boot`,
          evidence: [`${file} is enabled`, `there is no /var/lib/systemd/linger/${manager}`],
          why:
            `Some seconds after the last logout of ${manager} its daemon ends with all apps; a reboot starts ` +
            'nothing.',
          repair: [['sudo', 'loginctl', 'enable-linger', manager]],
          fix: null,
          trap: null,
          subject: about({ path: file }),
        },
      ];
    }),
};
