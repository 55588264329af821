import type { DaemonFacts } from '../host/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import { isProcessFile } from '../pm2/names.ts';
import { isGoodFor, type Word } from '../trust/word.ts';
import type { Killable } from './killable.ts';
import { isUndeclared } from './placement.ts';
import { as, pm2As } from './words.ts';

export type CommandWords = readonly string[];

/** How sudo is told of a user: one without an account by its number (sudo(8)). */
function nameFor({ user, uid }: { user: string | null; uid: number | null }): string {
  return uid === 0 ? 'root' : (user ?? `#${uid ?? ''}`);
}

/** A command as the user of a daemon. */
export function asUserOf(daemon: { user: string | null; uid: number | null }, ...words: string[]): CommandWords {
  return as(nameFor(daemon), words);
}

/**
 * A call of pm2 that reaches exactly this daemon, typed by anybody who may use sudo. The guard would send a call for a
 * daemon that nobody declared where the config puts it (a `delete` would hit the right app instead of its copy), so it
 * is told to stand aside; where the config does not allow that there is no such call.
 */
export function pm2In(daemon: DaemonFacts, facts: HostFacts, ...argv: string[]): CommandWords[] {
  if (!isUndeclared(daemon, facts)) return [pm2As(nameFor(daemon), daemon.home, argv)];
  const { bypass } = facts.policy ?? { bypass: 'anyone' };
  const allowed = bypass === 'anyone' || (bypass === 'root' && daemon.uid === 0);
  return allowed ? [asUserOf(daemon, 'env', 'PM2_GUARD=off', `PM2_HOME=${daemon.home}`, 'pm2', ...argv)] : [];
}

/** What an adopt of apps is about. */
export interface Adoption {
  /** PM2_HOME that they are in. */
  from: string;
  /** Their names; none: all that are there. */
  apps: readonly string[];
  /** Whose word it is that they are there under these names, and what that user is called. */
  word: Word;
  speaker: string;
  /** Uid of the user whose daemon they would move to; null: not known. */
  owner: number | null;
  /** Name of that daemon, where the config cannot tell it by the apps. */
  to?: string;
}

/**
 * Moves apps to where they belong. Names follow `--`: PM2 takes any name, `--yes` too. What one user calls an app is no
 * reason to run it as another user, so there the command only shows what would be done (lookFirst).
 */
export function adoptFrom({ from, apps, to, ...whose }: Adoption): CommandWords {
  return [
    'sudo',
    'pm2-guard',
    'adopt',
    ...(isForeign(whose) ? ['--dry-run'] : []),
    '--from',
    from,
    ...(to === undefined ? [] : ['--to', to]),
    ...(apps.length === 0 ? [] : ['--', ...apps]),
  ];
}

/** The line of evidence that goes with adoptFrom; none where its command may be carried out as it is. */
export function lookFirst(whose: Pick<Adoption, 'word' | 'owner' | 'speaker'>): string[] {
  return isForeign(whose)
    ? [`what runs there is the word of ${whose.speaker} alone: look at it first, then type it without --dry-run`]
    : [];
}

function isForeign({ word, owner }: Pick<Adoption, 'word' | 'owner'>): boolean {
  return owner === null ? word.by === 'user' : !isGoodFor(word, owner);
}

/** Ends processes. A daemon that gets SIGTERM saves its list, stops its apps and goes (lib/Daemon.js gracefullExit). */
export function kill(pids: readonly Killable[], signal?: 'KILL' | 'CONT'): CommandWords[] {
  return pids.length === 0
    ? []
    : [['sudo', 'kill', ...(signal === undefined ? [] : [`-${signal}`]), ...pids.map(String)]];
}

/** The words that make pm2 mean exactly these processes of one app; null: there are none. */
export function targetsOf(name: string, processes: readonly { pmId: number }[], daemon: DaemonFacts): string[] | null {
  const others = daemon.apps.filter((app) => app.name !== name);
  if (isPlainTarget(name) && !others.some(({ namespace }) => namespace === name)) return [name];
  const ids = processes.map(({ pmId }) => String(pmId));
  // A number is an app's name first (lib/API.js _operate).
  return ids.every((id) => !daemon.apps.some((app) => app.name === id || app.namespace === id)) ? ids : null;
}

/**
 * Whether pm2 takes the word for a name: it is no option, no `all`, no regular expression, no id and no process file.
 */
export function isPlainTarget(name: string): boolean {
  return !/^-|^\/.*\/$|^\d+$/s.test(name) && name !== 'all' && !isProcessFile(name);
}
