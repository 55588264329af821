import { HOP, KEPT as KEPT_WORD, SHIM_COMMAND } from '../call/hop.ts';
import { callersHomes } from '../identity/callers-homes.ts';
import { crossing, neverCrosses } from '../identity/environment.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Daemon } from '../policy/policy.ts';
import type { SudoRun } from './command-line.ts';
import type { Payload } from './payload.ts';

/** A command line for sudo. */
export interface SudoLine {
  user: string;
  /** `-n`, `-p prompt` ... as they were typed. */
  options: string[];
  /** Variables that are handed over from the caller's environment, and set. Both need the right to do so (SETENV). */
  keep: string[];
  assignments: string[];
  words: string[];
}

/** Options that have a say in how sudo asks and waits, and none in what is run: they stay. */
const KEPT = 'ABNSTbknp';
/**
 * Options that a rewritten line cannot have: another directory, root, group or context. Such a call is left as it is.
 */
const FOREIGN = /[CDPRgrt]/;

export function isForeign(call: SudoRun): boolean {
  return call.options.some(({ letter }) => FOREIGN.test(letter));
}

/** The words for sudo. */
export function wordsOf({ user, options, keep, assignments, words }: SudoLine): string[] {
  return [
    ...options,
    ...(keep.length > 0 ? [`--preserve-env=${keep.join(',')}`] : []),
    '-u',
    user,
    ...assignments,
    '--',
    ...words,
  ];
}

/**
 * The call as the owner's: into our shim, which is told the daemon. That stands for PM2_HOME, so PM2_HOME is set no
 * more (T09), nor is what sudo sets anyway; and nothing of the caller's own identity goes along.
 *
 * @param sameUser the call was for this user already: HOME=/srv/app is for the app then (T19)
 * @param caller environment and home of the one who types
 * @param handsOver the call gives its environment to apps, so that -E means something
 */
export function lineAsOwner(
  call: SudoRun,
  payload: Payload,
  daemon: Daemon,
  {
    sameUser,
    caller,
    handsOver,
  }: { sameUser: boolean; caller: { env: NodeJS.ProcessEnv; home: string | null }; handsOver: boolean },
): SudoLine {
  const typed = Object.fromEntries(
    [...call.assignments, ...payload.assignments].map(({ name, value }) => [name, value]),
  );
  const said: NodeJS.ProcessEnv = {
    HOME: daemon.userHome,
    USER: daemon.user,
    LOGNAME: daemon.user,
    SHELL: daemon.shell,
  };
  const wanted = Object.fromEntries(Object.entries(typed).filter(([name]) => sameUser || !neverCrosses(name)));
  const { kept, changed } = inheritedVariables(call, daemon, caller, handsOver);
  const wantedNames = kept.filter((name) => !(name in typed));
  return {
    user: daemon.user,
    options: call.options.filter(({ letter }) => KEPT.includes(letter)).flatMap(optionWords),
    keep: wantedNames,
    assignments: Object.entries({ ...changed, ...wanted })
      .filter(([name, value]) => !isDaemons(name) && said[name] !== value)
      .map(([name, value]) => `${name}=${value}`),
    words: [...payload.wrappers, SHIM_COMMAND, HOP + daemon.name, ...namesOf(wantedNames), ...payload.argv],
  };
}

/**
 * What of the caller's variables -E and --preserve-env hand over: the names that sudo keeps, and those of which only
 * a part crosses. A name that --preserve-env lists was typed.
 */
function inheritedVariables(
  call: SudoRun,
  { userHome }: Daemon,
  { env, home }: { env: NodeJS.ProcessEnv; home: string | null },
  handsOver: boolean,
): { kept: string[]; changed: Record<string, string> } {
  const names = call.keepEnvironment ? (handsOver ? Object.keys(env) : call.keep) : call.keep;
  const how = { homes: callersHomes({}, home, userHome), typed: new Set(call.keep), handsOver: true };
  const { variables } = crossing(env, how);
  const isKept = (name: string) => /^[A-Za-z_]\w*$/.test(name) && variables[name] !== undefined && !isDaemons(name);
  const crossed = names.filter(isKept);
  const changed = crossed.filter((name) => variables[name] !== env[name]);
  return {
    kept: crossed.filter((name) => !changed.includes(name)),
    changed: Object.fromEntries(changed.map((name) => [name, variables[name] ?? ''])),
  };
}

/** The call as typed, but that pm2 is our shim: where the word would lead round it, or to nothing (T10, T40). */
export function intoShim(call: SudoRun, payload: Payload, user: string): SudoLine {
  return {
    user,
    options: call.options
      .filter(({ letter, value }) => KEPT.includes(letter) || letter === 'H' || (letter === 'E' && value === null))
      .flatMap(optionWords),
    keep: call.keep,
    assignments: [...call.assignments, ...payload.assignments].map(({ name, value }) => `${name}=${value}`),
    words: [...payload.wrappers, SHIM_COMMAND, ...payload.argv],
  };
}

/** The guard behind sudo names those that did not arrive: an old sudo-rs keeps none. */
function namesOf(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [KEPT_WORD + names.join(',')];
}

function optionWords({ letter, value }: SudoRun['options'][number]): string[] {
  return value === null ? [`-${letter}`] : [`-${letter}`, value];
}

/** What chooses the daemon, which is chosen. */
function isDaemons(name: string): boolean {
  return name === 'PM2_HOME' || PATH_OVERRIDES.includes(name);
}
