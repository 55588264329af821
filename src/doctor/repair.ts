import type { DaemonFacts } from '../host/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import { isUndeclared, placementOf } from './placement.ts';
import { as, pm2As } from './words.ts';

export type Words = readonly string[];

/** How sudo is told of a user: one without an account by its number (sudo(8)). */
function nameFor({ user, uid }: { user: string | null; uid: number | null }): string {
  return uid === 0 ? 'root' : user ?? `#${uid ?? ''}`;
}

/** A command as the user of a daemon. */
export function asUserOf(daemon: { user: string | null; uid: number | null }, ...words: string[]): Words {
  return as(nameFor(daemon), words);
}

/**
 * A call of pm2 that reaches exactly this daemon, typed by anybody who may use sudo. The guard would send a call for a daemon
 * that nobody declared where the config puts it (a `delete` would hit the right app instead of its copy), so it is told to
 * stand aside; where the config does not allow that there is no such call.
 */
export function pm2In(daemon: DaemonFacts, facts: HostFacts, ...argv: string[]): Words[] {
  if (!isUndeclared(daemon, facts)) return [pm2As(nameFor(daemon), daemon.home, argv)];
  const { bypass } = facts.policy ?? { bypass: 'anyone' };
  const allowed = bypass === 'anyone' || (bypass === 'root' && daemon.uid === 0);
  return allowed ? [asUserOf(daemon, 'env', 'PM2_GUARD=off', `PM2_HOME=${daemon.home}`, 'pm2', ...argv)] : [];
}

/** Moves apps to where they belong. */
export function adoptFrom(home: string, ...apps: string[]): Words {
  return ['sudo', 'pm2-guard', 'adopt', ...apps, '--from', home];
}

/** What to do about a daemon that should not be: its apps go home; where none of them has one, the config has to say; else it ends. */
export function emptied(daemon: DaemonFacts, facts: HostFacts): Words[] {
  const { apps, home, pid } = daemon;
  if (apps.length === 0) return pid === null ? [] : kill([pid]);
  if (apps.some((app) => placementOf(app, daemon, facts).type === 'stray')) return [adoptFrom(home, '--all-strays')];
  return facts.policy === null ? [] : [['sudoedit', facts.policy.file], ['pm2-guard', 'check']];
}

/** Ends processes. A daemon that gets SIGTERM saves its list, stops its apps and goes (lib/Daemon.js gracefullExit). */
export function kill(pids: readonly number[], signal?: 'KILL' | 'CONT'): Words[] {
  return pids.length === 0 ? [] : [['sudo', 'kill', ...(signal === undefined ? [] : [`-${signal}`]), ...pids.map(String)]];
}
