import { HOP, KEPT as KEPT_WORD, SHIM_COMMAND } from '../call/hop.ts';
import { callersHomeDirectories } from '../identity/callers-homes.ts';
import { crossing, neverCrosses } from '../identity/environment.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Daemon } from '../policy/policy.ts';
import type { SudoRun } from './command-line.ts';
import type { Payload } from './payload.ts';

export interface SudoLine {
  user: string;
  options: string[];
  /** Variables to keep and to set. Both need the SETENV right. */
  keep: string[];
  assignments: string[];
  words: string[];
}

/** Options about prompts and waiting only; they are kept. */
const KEPT = 'ABNSTbknp';
/** A call with another directory, root, group or context is left as typed. */
const FOREIGN = /[CDPRgrt]/;

export function isForeign(call: SudoRun): boolean {
  return call.options.some(({ letter }) => FOREIGN.test(letter));
}

export function sudoWords({ user, options, keep, assignments, words }: SudoLine): string[] {
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
 * The call as the owner, by our shim. The shim gets the daemon's name, so PM2_HOME is not set (T09). Nothing of the
 * caller's identity is passed on.
 *
 * @param sameUser the target was already the owner: then HOME=/srv/app is meant for the app (T19)
 * @param handsOver the command gives its environment to apps, so -E matters
 */
export function lineAsOwner(
  call: SudoRun,
  payload: Payload,
  daemon: Daemon,
  {
    sameUser,
    caller,
    handsOver,
  }: { sameUser: boolean; caller: { env: NodeJS.ProcessEnv; homeDirectory: string | null }; handsOver: boolean },
): SudoLine {
  const typed = Object.fromEntries(
    [...call.assignments, ...payload.assignments].map(({ name, value }) => [name, value]),
  );
  const said: NodeJS.ProcessEnv = {
    HOME: daemon.homeDirectory,
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

/** The variables of -E and --preserve-env: `kept` as they are, `changed` if only a part may cross. */
function inheritedVariables(
  call: SudoRun,
  daemon: Daemon,
  { env, homeDirectory }: { env: NodeJS.ProcessEnv; homeDirectory: string | null },
  handsOver: boolean,
): { kept: string[]; changed: Record<string, string> } {
  const names = call.keepEnvironment ? (handsOver ? Object.keys(env) : call.keep) : call.keep;
  const how = {
    homeDirectories: callersHomeDirectories({}, homeDirectory, daemon.homeDirectory),
    typed: new Set(call.keep),
    handsOver: true,
  };
  const { variables } = crossing(env, how);
  const isKept = (name: string) => /^[A-Za-z_]\w*$/.test(name) && variables[name] !== undefined && !isDaemons(name);
  const crossed = names.filter(isKept);
  const changed = crossed.filter((name) => variables[name] !== env[name]);
  return {
    kept: crossed.filter((name) => !changed.includes(name)),
    changed: Object.fromEntries(changed.map((name) => [name, variables[name] ?? ''])),
  };
}

/** The call as typed, but with our shim as pm2 (T10, T40). */
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

/** The guard behind sudo reports missing ones: an old sudo-rs keeps none. */
function namesOf(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [KEPT_WORD + names.join(',')];
}

function optionWords({ letter, value }: SudoRun['options'][number]): string[] {
  return value === null ? [`-${letter}`] : [`-${letter}`, value];
}

function isDaemons(name: string): boolean {
  return name === 'PM2_HOME' || PATH_OVERRIDES.includes(name);
}
