import { homeDirectories, withoutCallersPaths, type HomeDirectories } from './callers-paths.ts';
import {
  CI_LEASHES,
  CI_RUNNERS,
  CI_TOKEN_PREFIXES,
  CI_TOKENS,
  CREDENTIALS,
  has,
  isOneOf,
  OF_A_SCREEN,
  OF_A_SERVICE,
  OF_THE_ACCOUNT,
  PERSON_AND_SESSION,
  PLAIN,
  type Names,
} from './variable-names.ts';

/** The environment of a call that becomes another user's. Pure: environments in, environments out. */

/** The account the call becomes. */
export interface NewUser {
  user: string;
  userHome: string;
  shell: string;
}

/**
 * What every login gets and sudo's own `secure_path` holds on Debian (sudoers(5)); /usr/local first, where the shim
 * is.
 */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How the call was made. */
export interface Crossing {
  homes: HomeDirectories;
  /** Names of variables that were typed on this very command line (typed-variables.ts). */
  typed: ReadonlySet<string>;
  /** Whether the command hands its environment to apps (pm2/hands-over.ts). */
  handsOver: boolean;
}

export interface Crossed {
  variables: NodeJS.ProcessEnv;
  /**
   * Names of what an app may have wanted and does not get: credentials, and NODE_OPTIONS where a part of it had to
   * go.
   */
  leftOut: string[];
}

/**
 * Which of the caller's variables another user gets: the one rule of docs/contract.md section 4, for root's switch, for
 * the hop through sudo and for process files. What was typed on the command line crosses. The rest crosses only with a
 * command that hands it to apps, and never what identifies a person, a session or a CI job, or holds a path of the
 * caller's home directory.
 *
 * @param env the caller's; not changed
 */
export function crossing(env: NodeJS.ProcessEnv, how: Crossing): Crossed {
  const entries = Object.entries(env);
  const shown = jobsAndSessions(entries.map(([name]) => name));
  const variables: NodeJS.ProcessEnv = {};
  const leftOut: string[] = [];
  for (const [name, value] of entries) {
    if (value === undefined || neverCrosses(name)) continue;
    if (how.typed.has(name)) {
      variables[name] = value;
      continue;
    }
    if (!how.handsOver && !isOneOf(name, PLAIN)) continue;
    if (identifies(name, shown)) continue;
    const kept = isCredential(name) || isRunnersToken(name) ? null : withoutCallersPaths(name, value, how.homes);
    if (kept !== null) variables[name] = kept;
    if (kept !== value && (isCredential(name) || name === 'NODE_OPTIONS')) leftOut.push(name);
  }
  return { variables, leftOut };
}

/**
 * What is an app's own in an environment that was stored with it (adopt): as `crossing`, but credentials stay. They
 * were handed to that app already.
 *
 * @param callerHome home directory of the user whose environment it was; null: the new user's too
 */
export function applicationVariables(env: NodeJS.ProcessEnv, callerHome: string | null): NodeJS.ProcessEnv {
  const secrets = Object.keys(env).filter((name) => isCredential(name) || isRunnersToken(name));
  return crossing(env, { homes: homeDirectories([callerHome], null), typed: new Set(secrets), handsOver: true })
    .variables;
}

/**
 * The environment of a process that has become `owner`.
 *
 * @param variables what crosses
 * @param path the owner's PATH; it must find the node that runs pm2, because PM2 5 spawns its daemon with whatever
 *   `node` PATH finds (lib/Client.js launchDaemon)
 */
export function ownersEnvironment(variables: NodeJS.ProcessEnv, owner: NewUser, path: string): NodeJS.ProcessEnv {
  return {
    ...variables,
    HOME: owner.userHome,
    USER: owner.user,
    LOGNAME: owner.user,
    SHELL: owner.shell,
    MAIL: `/var/mail/${owner.user}`,
    PATH: path,
  };
}

/**
 * The new account's own, what sudo and doas say of their user, and ours: not even where they were typed. PM2 would
 * store ours with the app (PRODUCT section 8).
 */
export function neverCrosses(name: string): boolean {
  return OF_THE_ACCOUNT.includes(name) || saysWhoTyped(name) || isOurs(name);
}

/**
 * The lists that apply to this environment: general names belong to a job or a session only where that shows itself.
 */
function jobsAndSessions(names: readonly string[]): Names[] {
  const lists = [OF_A_SCREEN, OF_A_SERVICE, ...CI_RUNNERS];
  const signed = lists.filter(({ signs }) => names.some((name) => has(signs, name)));
  return [PERSON_AND_SESSION, ...signed];
}

function identifies(name: string, shown: readonly Names[]): boolean {
  return has(CI_LEASHES, name) || shown.some((names) => isOneOf(name, names));
}

function isCredential(name: string): boolean {
  return isOneOf(name, CREDENTIALS);
}

function isRunnersToken(name: string): boolean {
  return (
    has(CI_TOKENS, name) || (name.endsWith('TOKEN') && CI_TOKEN_PREFIXES.some((prefix) => name.startsWith(prefix)))
  );
}

/**
 * The variables by which a CI runner would end whatever has this environment; those that tell it not to
 * (`BUILD_ID=dontKillMe`) are none.
 */
export function ciLeashes(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => (name === 'BUILD_ID' || has(CI_LEASHES, name)) && !/^(0|dont.*)?$/i.test(value))
    .map(([name]) => name);
}

function isOurs(name: string): boolean {
  return name === 'PM2_GUARD' || name.startsWith('PM2_GUARD_');
}

/** Takes our own variables out of `env`, in place. */
export function dropOwnVariables(env: NodeJS.ProcessEnv): void {
  drop(env, isOurs);
}

/**
 * Takes out of `env`, in place, what sudo, doas and pkexec say of their user. `sudo -u www-data pm2 restart app
 * --update-env` would store in the app, and in dump.pm2, who typed which command when.
 */
export function dropSudoVariables(env: NodeJS.ProcessEnv): void {
  drop(env, saysWhoTyped);
}

/** sudo(8), doas(1), pkexec(1) "Environment". */
function saysWhoTyped(name: string): boolean {
  return name.startsWith('SUDO_') || name === 'DOAS_USER' || name === 'PKEXEC_UID';
}

function drop(env: NodeJS.ProcessEnv, goes: (name: string) => boolean): void {
  for (const name of Object.keys(env)) if (goes(name)) Reflect.deleteProperty(env, name);
}
