import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import { pm2HomeOfUnit } from '../../host/homes/homes.ts';
import type { Unit } from '../../host/boot/units.ts';
import { allUnits, pm2HomeAt, userOfUnit } from '../boots.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { occupancyOf } from '../occupancy.ts';
import { hasSavedList } from '../placement.ts';
import { runningUnit } from '../through-unit.ts';
import { retireCommands, startupRepair } from '../unit-words.ts';

/** PD401, PD402, PD403, PD410: the user, PM2_HOME, saved list, pid file and programs of a unit disagree (T25). */
export const pm2HomesOfUnits: Check = {
  name: 'units, PM2_HOMEs and saved lists',
  find: (facts) =>
    allUnits(facts).flatMap((unit) => {
      const disagreement = disagreementOf(unit, facts);
      return [
        ...(disagreement === null ? withoutList(unit, facts) : [disagreement]),
        ...elsewhere(unit),
        ...(unit.enabled && facts.asRoot ? gone(unit, facts) : []),
      ];
    }),
};

/** T25: `pm2 startup -u X` without --hp takes the user and PM2_HOME from different users. */
export function disagreementOf(unit: Unit, facts: HostFacts): DoctorFinding | null {
  if (unit.pm2Home === null) return null;
  const user = userOfUnit(unit);
  const pm2HomeFacts = pm2HomeAt(pm2HomeOfUnit(unit), facts);
  const owner = pm2HomeFacts?.owner;
  // A separate directory is a valid PM2_HOME wherever it is.
  if (!owner || !['config', 'passwd'].includes(owner.evidence) || owner.uid === unit.account?.uid) return null;
  return {
    code: 'PD401',
    urgency: 'wrong',
    what: `${unit.name} starts ${user}'s daemon in the PM2_HOME of ${owner.name}`,
    evidence: [
      `${unit.file}: ${userLine(unit)}`,
      `${unit.file}: PM2_HOME=${unit.pm2Home}`,
      `that PM2_HOME is ${owner.name}'s`,
    ],
    why:
      user === 'root'
        ? `A daemon of root's in ${owner.name}'s PM2_HOME locks ${owner.name} out at the next boot, ` +
          `and runs what ${owner.name} has saved, as root.`
        : `At the next boot ${user} meets EACCES in ${unit.pm2Home}, and nothing starts.`,
    repair:
      unit.manager !== null
        ? retireCommands(unit)
        : user === 'root'
          ? [...retireCommands(unit), startupRepair(owner.name, facts, owner.homeDirectory)]
          : [
              ...(unit.name === `pm2-${user}.service` ? [] : retireCommands(unit)),
              ...(unit.account === null ? [] : [startupRepair(user, facts, unit.account.homeDirectory)]),
            ],
    fix: null,
    trap: 'T25',
    subject: about({ home: unit.pm2Home, path: unit.file }),
  };
}

function userLine({ manager, user }: Unit): string {
  if (manager !== null) return `a unit of ${manager}'s own`;
  return user === null ? 'no User=, which is root' : `User=${user}`;
}

function withoutList(unit: Unit, facts: HostFacts): DoctorFinding[] {
  const pm2HomeFacts = pm2HomeAt(pm2HomeOfUnit(unit), facts);
  if (!unit.enabled || unit.namesApps || !pm2HomeFacts?.possible || hasSavedList(pm2HomeFacts)) return [];
  if (pm2HomeFacts.physical === null && !facts.asRoot) return [];
  const daemon = facts.daemons.find((one) => runningUnit(one, facts) === unit);
  if (daemon !== undefined) return broughtNothingBack(unit, daemon, facts);
  if (occupancyOf(pm2HomeFacts, facts).type !== 'none') return []; // findings about its apps cover this
  return [
    {
      code: 'PD402',
      urgency: 'untidy',
      what: `${unit.name} brings nothing back: ${pm2HomeFacts.pm2Home} has no saved list`,
      evidence: [`${unit.file} is enabled`, `there is no ${pm2HomeFacts.pm2Home}/dump.pm2, and no daemon`],
      why:
        'It looks as if a reboot were taken care of. pm2 save was never typed as this user, or it was typed as ' +
        'another.',
      repair: retireCommands(unit),
      fix: null,
      trap: 'T26',
      subject: about({ home: pm2HomeFacts.pm2Home, path: unit.file }),
    },
  ];
}

/** A power failure may cut lists short. PM2 removes such a list when it resurrects. With no other it starts nothing. */
function broughtNothingBack(unit: Unit, daemon: DaemonFacts, facts: HostFacts): DoctorFinding[] {
  const { pm2Home, pid, apps, reachable, failure } = daemon;
  if (!facts.asRoot || apps.length > 0 || !reachable || failure !== null) return [];
  const words = unit.manager === null ? `journalctl -b -u ${unit.name}` : `journalctl -b --user-unit ${unit.name}`;
  return [
    {
      code: 'PD402',
      urgency: 'untidy',
      what: `${unit.name} brought nothing back: ${pm2Home} has no saved list`,
      evidence: [
        `${unit.file} is enabled`,
        `there is no ${pm2Home}/dump.pm2, and its daemon (pid ${pid ?? '?'}) has no app`,
        `what it said at boot:  ${words}`,
      ],
      why:
        'pm2 save was never typed, or a power failure cut the list short: PM2 removes a list that it cannot read, ' +
        'and dump.pm2.bak alike. Start the apps, then type pm2 save.',
      repair: [],
      fix: null,
      trap: 'T26',
      subject: about({ home: pm2Home, pid, path: unit.file }),
    },
  ];
}

/** systemd ends a forking service whose pid file does not appear before the timeout (systemd.service(5)). */
function elsewhere(unit: Unit): DoctorFinding[] {
  const expected = `${pm2HomeOfUnit(unit)}/pm2.pid`;
  if (unit.pidFile === null || unit.pidFile.replace(/\/{2,}/g, '/') === expected) return [];
  return [
    {
      code: 'PD410',
      urgency: 'wrong',
      what: `${unit.name} waits for a pid file that its daemon does not write`,
      evidence: [`${unit.file}: PIDFile=${unit.pidFile}`, `the daemon writes ${expected}`],
      why: 'systemd takes the start for failed when it has waited long enough, and ends the daemon with all its apps.',
      // A `#` in the path would end the sed expression, and GNU sed can run programs (flag e).
      repair:
        unit.manager !== null || !/^[\w./-]+$/.test(expected)
          ? []
          : [
              ['sudo', 'sed', '-i', `s#^PIDFile=.*#PIDFile=${expected}#`, unit.file],
              ['sudo', 'systemctl', 'daemon-reload'],
            ],
      fix: null,
      trap: 'T25',
      subject: about({ home: pm2HomeOfUnit(unit), path: unit.file }),
    },
  ];
}

function gone(unit: Unit, facts: HostFacts): DoctorFinding[] {
  const [program] = unit.start;
  const missing = [
    ...(program?.startsWith('/') && unit.program === null ? [`ExecStart=${program} is not there`] : []),
    ...(unit.node === null && unit.seat === null
      ? [`there is no node in its PATH${unit.path === null ? '' : `, ${unit.path}`}`]
      : []),
  ];
  if (missing.length === 0) return [];
  return [
    {
      code: 'PD403',
      urgency: 'wrong',
      what: `${unit.name} cannot start: its ${unit.node === null ? 'node' : 'pm2'} is gone`,
      evidence: missing.map((line) => `${unit.file}: ${line}`),
      why:
        'The paths were written down when the unit was made; an upgrade of node or pm2, or a version manager, has ' +
        'moved them since. It is noticed at the next boot.',
      repair:
        unit.account === null || unit.manager !== null
          ? []
          : [startupRepair(userOfUnit(unit), facts, unit.account.homeDirectory)],
      fix: null,
      trap: null,
      subject: about({ home: pm2HomeOfUnit(unit), path: unit.file }),
    },
  ];
}
