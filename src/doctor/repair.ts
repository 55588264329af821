import { rootCommand } from '../terminal/root-command.ts';
import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import { interpret } from '../pm2/interpret.ts';
import type { Uid } from '../runtime/brands.ts';
import { isGoodFor, type Word } from '../trust/word.ts';
import type { Killable } from './killable.ts';
import { isUndeclared } from './placement.ts';
import { as, pm2As } from './words.ts';

export type CommandWords = readonly string[];

export interface ProcessUser {
  /** Null: a uid without an account. */
  user: string | null;
  uid: Uid | null;
}

/** sudo(8) takes `#uid` for a user without an account. */
function nameFor({ user, uid }: ProcessUser): string {
  return uid === 0 ? 'root' : (user ?? `#${uid ?? ''}`);
}

export function asUserOf(daemon: ProcessUser, ...words: string[]): CommandWords {
  return as(nameFor(daemon), words);
}

/**
 * A pm2 command for exactly this daemon. It bypasses the guard, which would send a call for an undeclared daemon to
 * the declared one, where `delete` would hit the right app. Empty: the config forbids the bypass.
 */
export function pm2In(daemon: DaemonFacts, facts: HostFacts, ...argv: string[]): CommandWords[] {
  if (!isUndeclared(daemon, facts)) return [pm2As(nameFor(daemon), daemon.pm2Home, argv)];
  const { bypass } = facts.policy ?? { bypass: 'anyone' };
  const allowed = bypass === 'anyone' || (bypass === 'root' && daemon.uid === 0);
  return allowed ? [asUserOf(daemon, 'env', 'PM2_GUARD=off', `PM2_HOME=${daemon.pm2Home}`, 'pm2', ...argv)] : [];
}

export interface Adoption {
  /** PM2_HOME that they run in. */
  from: string;
  /** Empty: all apps there. */
  apps: readonly string[];
  /** The user who says that the apps run there, and the name to show. */
  word: Word;
  speaker: string;
  /** Uid of the target daemon's user; null: not known. */
  owner: Uid | null;
  /** The target daemon, where the config does not follow from the apps. */
  to?: string;
}

/**
 * Names follow `--`, because PM2 allows a name such as `--yes`. An app that only another user names must not run as
 * the owner unseen. So that command is a dry run (lookFirst).
 */
export function adoptFrom({ from, apps, to, ...whose }: Adoption): CommandWords {
  return rootCommand(
    'adopt',
    ...(isForeign(whose) ? ['--dry-run'] : []),
    '--from',
    from,
    ...(to === undefined ? [] : ['--to', to]),
    ...(apps.length === 0 ? [] : ['--', ...apps]),
  );
}

/** Evidence that goes with a dry run of adoptFrom. */
export function lookFirst(whose: Pick<Adoption, 'word' | 'owner' | 'speaker'>): string[] {
  return isForeign(whose)
    ? [`what runs there is the word of ${whose.speaker} alone: look at it first, then type it without --dry-run`]
    : [];
}

function isForeign({ word, owner }: Pick<Adoption, 'word' | 'owner'>): boolean {
  return owner === null ? word.by === 'user' : !isGoodFor(word, owner);
}

/**
 * On SIGTERM a daemon saves its list, stops its apps and exits (lib/Daemon.js gracefullExit). Typed as the user of the
 * processes, who can end no process of another, not even one that has got this pid since.
 */
export function kill(whose: ProcessUser, pids: readonly Killable[], signal?: 'KILL' | 'CONT'): CommandWords[] {
  return pids.length === 0
    ? []
    : [asUserOf(whose, 'kill', ...(signal === undefined ? [] : [`-${signal}`]), ...pids.map(String))];
}

/** Arguments that make pm2 select exactly these processes of one app. */
export function targetsOf(name: string, processes: readonly { pmId: number }[], daemon: DaemonFacts): string[] | null {
  const others = daemon.apps.filter((app) => app.name !== name);
  if (isPlainTarget(name) && !others.some(({ namespace }) => namespace === name)) return [name];
  const ids = processes.map(({ pmId }) => String(pmId));
  // pm2 reads a number as an app's name first (lib/API.js _operate).
  return ids.every((id) => !daemon.apps.some((app) => app.name === id || app.namespace === id)) ? ids : null;
}

/**
 * Whether pm2 takes this word for an app's name: not for an option, `all`, a regular expression, an id or a process
 * file. It also replaces the word `log`. All majors read these the same.
 */
export function isPlainTarget(name: string): boolean {
  const { targets } = interpret(['delete', name], { major: 7, env: {}, cwd: '/' });
  return targets.length === 1 && targets[0]?.kind === 'name' && targets[0].word === name;
}
