import type { DaemonFacts } from '../../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../../host/facts.ts';
import type { Unit } from '../../host/boot/units.ts';
import { about, type Check, type DoctorFinding } from '../finding.ts';
import { killableApps, killableDaemon } from '../killable.ts';
import { daemonsHere, declaredAs, foreignOwner, pm2HomeOf, savedNames } from '../placement.ts';
import { kill, pm2In, type CommandWords } from '../repair.ts';
import { moveIntoUnit, runningUnit, systemctl } from '../through-unit.ts';
import { listed } from '../words.ts';
import { restartCommands, endBoth } from './one-home.ts';

/** PD116, T28: processes with the title of a daemon that listen on no socket. */
export const socketlessDaemons: Check = {
  name: 'daemons without a socket',
  find: (facts) => {
    const groups = new Map<string, DaemonFacts[]>();
    for (const daemon of facts.socketless) {
      const key = `${daemon.uid ?? ''} ${daemon.pm2Home}`;
      groups.set(key, [...(groups.get(key) ?? []), daemon]);
    }
    return [...groups.values()].flatMap((group) => found(group, facts));
  },
};

function found(group: readonly DaemonFacts[], facts: HostFacts): DoctorFinding[] {
  const [first] = group;
  if (first === undefined) return [];
  const { pm2Home, uid } = first;
  const user = first.user ?? `uid ${uid ?? '?'}`;
  const owner = foreignOwner(first, facts);
  const isOwn = declaredAs(first) !== null || (owner === null && pm2HomeOf(first, facts)?.owner?.uid === uid);
  const there = daemonsHere(facts).find((one) => one.reachable && isSamePlace(one, first));
  // Title and children are the word of this user, which decides nothing about the daemon of another.
  const twin = there !== undefined && there.uid === uid ? there : null;
  const apps = group.flatMap((daemon) => daemon.apps.map(({ name }) => name));
  const pids = group.map(({ pid }) => pid ?? 0);
  const harmless = apps.length === 0 && (twin !== null || !isOwn);
  return [
    {
      code: 'PD116',
      urgency: harmless ? 'untidy' : 'wrong',
      trap: 'T28',
      fix: null,
      subject: about({ home: pm2Home, pid: first.pid }),
      what:
        group.length === 1
          ? `a daemon of ${user} in ${pm2Home} has no socket`
          : `${group.length} daemons of ${user} in ${pm2Home} have no socket`,
      evidence: [
        `pid ${listed(pids.map(String))}: by its title a PM2 daemon, and it listens nowhere`,
        ...(apps.length > 0 ? [`it still runs ${listed(apps)}`] : []),
        there === undefined ? 'no other daemon lives there' : `pm2 reaches pid ${there.pid ?? '?'} there`,
        ...(owner === null ? [] : [`${pm2Home} is for the daemon of ${owner.name}: ${owner.why}`]),
        ...(isOwn ? [] : [`the title is the word of ${user} alone`]),
      ],
      why:
        'Another daemon was faster, and this one waits for ever: no pm2 command reaches it. When it is told to end, ' +
        'it removes the pm2.pid of the daemon that lives.',
      repair: isOwn ? repairOf(group, twin, facts) : killed(group),
    },
  ];
}

function isSamePlace(one: DaemonFacts, other: DaemonFacts): boolean {
  return one.pm2Home === other.pm2Home || (one.physical !== null && one.physical === other.physical);
}

function repairOf(group: readonly DaemonFacts[], twin: DaemonFacts | null, facts: HostFacts): CommandWords[] {
  const inUnits = group.flatMap((daemon) => {
    const unit = ownUnit(daemon, facts);
    return unit !== null && !(twin !== null && runningUnit(twin, facts) === unit && !isMain(daemon, unit, facts))
      ? [{ daemon, unit }]
      : [];
  });
  const [first] = inUnits;
  const loose = group.filter((daemon) => !inUnits.some((one) => one.daemon === daemon));
  if (first !== undefined) return [...killed(loose), ...throughUnit(first, twin, facts)];
  const [only, second] = group;
  if (twin === null && only !== undefined && second === undefined && only.apps.length > 0)
    return restartCommands(only, facts);
  const lost = group
    .flatMap(({ apps }) => apps.map(({ name }) => name))
    .filter((name) => twin?.apps.every((app) => app.name !== name));
  const saved = twin === null ? [] : (savedNames(pm2HomeOf(twin, facts)) ?? []);
  return [
    ...killed(group),
    ...(twin !== null && lost.some((name) => saved.includes(name)) ? pm2In(twin, facts, 'resurrect') : []),
  ];
}

/** The unit whose main process it may be. systemd would take the end of that for the end of the service. */
function throughUnit(
  { daemon, unit }: { daemon: DaemonFacts; unit: Unit },
  twin: DaemonFacts | null,
  facts: HostFacts,
): CommandWords[] {
  if (twin === null) return daemon.apps.length > 0 ? restartCommands(daemon, facts) : [systemctl(unit, 'restart')];
  return daemon.apps.length === 0 ? moveIntoUnit(twin, unit, facts) : endBoth(daemon, twin, unit, facts);
}

function ownUnit(daemon: DaemonFacts, facts: HostFacts): Unit | null {
  const unit = runningUnit(daemon, facts);
  return unit !== null && unit.account?.uid === daemon.uid ? unit : null;
}

function isMain({ pid }: DaemonFacts, unit: Unit, { boot }: HostFacts): boolean {
  const state = unit.manager === null ? boot.systemd.states?.get(unit.name) : undefined;
  return state === undefined || state.mainPid === null || state.mainPid === pid;
}

/**
 * SIGKILL, because on SIGTERM it would remove the pm2.pid of the living daemon. The apps end after it, or it would
 * restart them.
 */
function killed(group: readonly DaemonFacts[]): CommandWords[] {
  const [first] = group;
  const daemons = group.flatMap(killableDaemon);
  const apps = group.flatMap(killableApps);
  if (first === undefined || daemons.length === 0) return [];
  return [...kill(first, daemons, 'KILL'), ...kill(first, apps)];
}
