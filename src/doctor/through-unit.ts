import type { DaemonFacts } from '../host/daemon-facts.ts';
import { bootUnitFor, systemctlWords, unitAround, unitFor } from '../host/daemon-unit.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Unit } from '../host/units.ts';
import { allUnits, isSameHome } from './boots.ts';
import { killableDaemon } from './killable.ts';
import { homeOf, placementOf, savedNames } from './placement.ts';
import { kill, pm2In, type CommandWords } from './repair.ts';

/*
 * PM2's unit has `ExecStop=pm2 kill`, and systemd runs it also when the main process ends by itself. So a daemon
 * that is in a unit is ended, restarted and brought up through that unit: `kill PID`, `pm2 kill` and `pm2 update`
 * would have systemd end whatever daemon lives in this PM2_HOME a moment later.
 */

/** The unit in whose control group the daemon is; null: it is in none. */
export function runningUnit({ process, uid }: DaemonFacts, facts: HostFacts): Unit | null {
  return process === null ? null : unitAround(process.cgroups, uid, allUnits(facts));
}

/** The unit that is written for this daemon, whether it runs there or not: first an enabled one. */
export function unitOfDaemon({ uid, home }: DaemonFacts, facts: HostFacts): Unit | null {
  return unitFor({ uid, home }, allUnits(facts));
}

/** The enabled unit that starts this daemon at boot; null: none. */
export function bootUnitOfDaemon({ uid, home }: { uid: number | null; home: string }, facts: HostFacts): Unit | null {
  return bootUnitFor({ uid, home }, allUnits(facts));
}

/** A unit by its name, written already or not. */
type Named = Pick<Unit, 'name' | 'manager'> & Partial<Pick<Unit, 'lingers'>>;

/** A call of systemctl as root. */
export function systemctl(unit: Named, ...verb: string[]): CommandWords {
  return ['sudo', ...systemctlWords(unit, ...verb)];
}

/** Starts a unit; systemd starts one that has failed too often only after its failures are forgotten. */
export function started(unit: Named, facts: HostFacts): CommandWords[] {
  const { manager, lingers } = unit;
  const linger = manager !== null && lingers === false ? [['sudo', 'loginctl', 'enable-linger', manager]] : [];
  return [...linger, ...forgotten(unit, facts), systemctl(unit, 'start')];
}

/** Starts a failed unit that is the one of its daemon, where none runs there; else nothing: other findings say it. */
export function startable(unit: Unit, home: string, facts: HostFacts): CommandWords[] {
  const own = facts.policy?.daemons.find((one) => one.uid === unit.account?.uid && isSameHome(one.home, home, facts));
  const lives = facts.daemons.some((daemon) => !daemon.elsewhere && isSameHome(daemon.home, home, facts));
  return own === undefined || lives ? [] : started(unit, facts);
}

function forgotten(unit: Named, facts: HostFacts): CommandWords[] {
  const failed = unit.manager === null && facts.boot.systemd.states?.get(unit.name)?.active === 'failed';
  return failed ? [systemctl(unit, 'reset-failed')] : [];
}

/** Ends a daemon, with all that runs in it: by its unit where it is in one, else by a signal. */
export function end(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const unit = runningUnit(daemon, facts);
  return unit === null ? kill(killableDaemon(daemon)) : [systemctl(unit, 'stop')];
}

/**
 * Makes the saved list hold everything that runs and everything that was saved, so that nothing is lost when the daemon
 * starts anew. `pm2 save` alone would forget saved apps that do not run.
 *
 * @returns null where no command can do that
 */
export function listKept(daemon: DaemonFacts, facts: HostFacts): CommandWords[] | null {
  if (!daemon.reachable || daemon.failure !== null) return null;
  const running = daemon.apps.map(({ name }) => name);
  const asleep = (savedNames(homeOf(daemon, facts)) ?? []).filter((name) => !running.includes(name));
  if (running.length === 0 && asleep.length === 0) return [];
  const save = pm2In(daemon, facts, 'save');
  if (save.length === 0) return null;
  return asleep.length === 0 ? save : [...pm2In(daemon, facts, 'resurrect'), ...save];
}

/**
 * A new daemon in the place of this one, with the PM2, node and environment of now, and with the same apps: by its unit
 * where it is in one, else by `pm2 update`.
 *
 * @param before commands that have to come first, where it is in a unit
 */
export function renewed(daemon: DaemonFacts, facts: HostFacts, before: readonly CommandWords[] = []): CommandWords[] {
  const unit = runningUnit(daemon, facts);
  if (unit === null) return pm2In(daemon, facts, 'update');
  const kept = listKept(daemon, facts);
  return kept === null ? [] : [...before, ...kept, systemctl(unit, 'restart')];
}

/** A daemon that a session spawned goes, and its unit brings the same apps up. */
export function intoUnit(daemon: DaemonFacts, unit: Named, facts: HostFacts): CommandWords[] {
  const kept = listKept(daemon, facts);
  const killed = pm2In(daemon, facts, 'kill');
  if (kept === null || killed.length === 0) return [];
  return [...kept, ...killed, ...forgotten(unit, facts), systemctl(unit, 'restart')];
}

/**
 * What to do about a daemon that should not be: its apps go to their own daemons; where none of them has one, the
 * config has to say; a daemon without apps ends.
 */
export function emptied(daemon: DaemonFacts, facts: HostFacts): CommandWords[] {
  const { apps, home } = daemon;
  if (apps.length === 0) return end(daemon, facts);
  if (apps.some((app) => placementOf(app, daemon, facts).type === 'stray'))
    return [['sudo', 'pm2-guard', 'adopt', '--all-strays', '--from', home]];
  return facts.policy === null
    ? []
    : [
        ['sudoedit', facts.policy.file],
        ['pm2-guard', 'check'],
      ];
}
