import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import { bootUnitFor, serviceOf, systemctlWords, unitAround, unitFor } from '../host/boot/daemon-unit.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Unit } from '../host/boot/units.ts';
import type { Uid, Pm2Home } from '../runtime/brands.ts';
import { allUnits, isSamePm2Home } from './boots.ts';
import { killableDaemon } from './killable.ts';
import { pm2HomeOf, placementOf, savedNames } from './placement.ts';
import { kill, pm2In, type CommandWords } from './repair.ts';
import { rootCommand } from '../terminal/root-command.ts';

/*
 * PM2's unit has `ExecStop=pm2 kill`, and systemd also runs it when the main process ends by itself. It would end a
 * new daemon of this PM2_HOME too. So for a daemon in a unit, the unit replaces `kill PID`, `pm2 kill` and `pm2
 * update`.
 */

/** The unit in whose control group the daemon runs. */
export function runningUnit({ process, uid }: DaemonFacts, facts: HostFacts): Unit | null {
  return process === null ? null : unitAround(process.cgroups, uid, allUnits(facts));
}

/** The same, also of a unit that pm2-guard does not understand. */
function serviceAround(daemon: DaemonFacts, facts: HostFacts): Named | null {
  const unit = runningUnit(daemon, facts);
  const service = unit === null && daemon.process !== null ? serviceOf(daemon.process.cgroups) : null;
  if (service?.manager !== null) return unit;
  return facts.boot.unclear.some(({ name }) => name === service.name) ? { name: service.name, manager: null } : null;
}

/** The unit written for this daemon, an enabled one first. The daemon may run outside it. */
export function unitOfDaemon({ uid, pm2Home }: DaemonFacts, facts: HostFacts): Unit | null {
  return unitFor({ uid, pm2Home }, allUnits(facts));
}

export function bootUnitOfDaemon(
  { uid, pm2Home }: { uid: Uid | null; pm2Home: Pm2Home },
  facts: HostFacts,
): Unit | null {
  return bootUnitFor({ uid, pm2Home }, allUnits(facts));
}

/** A unit that may not be written yet. */
type Named = Pick<Unit, 'name' | 'manager'> & Partial<Pick<Unit, 'lingers'>>;

export function systemctl(unit: Named, ...verb: string[]): CommandWords {
  return ['sudo', ...systemctlWords(unit, ...verb)];
}

/**
 * Brings up a daemon that does not run. systemd starts a unit that failed too often only after reset-failed, and
 * does nothing at the start of a unit that is active, as one with RemainAfterExit= is after its daemon has ended.
 */
export function startCommands(unit: Named, facts: HostFacts): CommandWords[] {
  const { manager, lingers } = unit;
  const linger = manager !== null && lingers === false ? [['sudo', 'loginctl', 'enable-linger', manager]] : [];
  return [...linger, ...resetFailed(unit, facts), systemctl(unit, isActive(unit, facts) ? 'restart' : 'start')];
}

/** Starts the failed unit of a declared daemon, if no daemon runs there. Other findings cover the rest. */
export function startOfDeclared(unit: Unit, pm2Home: Pm2Home, facts: HostFacts): CommandWords[] {
  const own = facts.policy?.daemons.find(
    (one) => one.uid === unit.account?.uid && isSamePm2Home(one.pm2Home, pm2Home, facts),
  );
  const lives = facts.daemons.some((daemon) => !daemon.elsewhere && isSamePm2Home(daemon.pm2Home, pm2Home, facts));
  return own === undefined || lives ? [] : startCommands(unit, facts);
}

function isActive({ name, manager }: Named, { boot }: HostFacts): boolean {
  return manager === null && boot.systemd.states?.get(name)?.active === 'active';
}

function resetFailed(unit: Named, facts: HostFacts): CommandWords[] {
  const failed = unit.manager === null && facts.boot.systemd.states?.get(unit.name)?.active === 'failed';
  return failed ? [systemctl(unit, 'reset-failed')] : [];
}

/** Ends a daemon and its apps, through its unit if it runs in one. */
export function endCommands(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const unit = serviceAround(daemon, facts);
  return unit === null ? kill(daemon, killableDaemon(daemon)) : [systemctl(unit, 'stop')];
}

/**
 * Saves all running and all saved apps. `pm2 save` alone would drop saved apps that do not run.
 * @returns null where no command can do that
 */
export function saveCommands(daemon: DaemonFacts, facts: HostFacts): CommandWords[] | null {
  if (!daemon.reachable || daemon.failure !== null) return null;
  const running = daemon.apps.map(({ name }) => name);
  const asleep = (savedNames(pm2HomeOf(daemon, facts)) ?? []).filter((name) => !running.includes(name));
  if (running.length === 0 && asleep.length === 0) return [];
  const save = pm2In(daemon, facts, 'save');
  if (save.length === 0) return null;
  return asleep.length === 0 ? save : [...pm2In(daemon, facts, 'resurrect'), ...save];
}

/** Replaces a daemon, with the current PM2, node and environment. `before`: commands to run first, for a unit. */
export function renewCommands(
  daemon: DaemonFacts,
  facts: HostFacts,
  before: readonly CommandWords[] = [],
): CommandWords[] {
  const unit = serviceAround(daemon, facts);
  if (unit === null) return pm2In(daemon, facts, 'update');
  const kept = saveCommands(daemon, facts);
  return kept === null ? [] : [...before, ...kept, systemctl(unit, 'restart')];
}

/** Moves a daemon and its apps from a session into its unit. */
export function moveIntoUnit(daemon: DaemonFacts, unit: Named, facts: HostFacts): CommandWords[] {
  const kept = saveCommands(daemon, facts);
  const killed = pm2In(daemon, facts, 'kill');
  if (kept === null || killed.length === 0) return [];
  return [...kept, ...killed, ...resetFailed(unit, facts), systemctl(unit, 'restart')];
}

/** Moves the apps of an unwanted daemon to their own daemons. Without apps the daemon ends. */
export function emptyCommands(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const { apps, pm2Home } = daemon;
  if (apps.length === 0) return endCommands(daemon, facts);
  if (apps.some((app) => placementOf(app, daemon, facts).type === 'stray'))
    return [rootCommand('adopt', '--all-strays', '--from', pm2Home)];
  return facts.policy === null
    ? []
    : [
        ['sudoedit', facts.policy.file],
        ['pm2-guard', 'check'],
      ];
}
