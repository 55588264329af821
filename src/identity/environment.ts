import { homeDirectories, withoutCallersPaths, type HomeDirectories } from './callers-paths.ts';
import {
  CI_PROCESS_MARKS,
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

export interface NewUser {
  user: string;
  homeDirectory: string;
  shell: string;
}

/** The default PATH of a login, and secure_path of Debian's sudo. /usr/local is first, because the shim is there. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface Crossing {
  homeDirectories: HomeDirectories;
  /** Names that were typed in this command line (typed-variables.ts). */
  typed: ReadonlySet<string>;
  /** PM2 passes the environment to apps (pm2/hands-over.ts). */
  handsOver: boolean;
}

export interface Crossed {
  variables: NodeJS.ProcessEnv;
  /** Names that an app may miss: credentials, and NODE_OPTIONS if a part was removed. */
  leftOut: string[];
}

/**
 * Which variables another user gets (docs/contract.md section 4). Typed ones cross. The rest cross only if the
 * command passes them to apps, and never if they identify a person, session or CI job, or hold the caller's paths.
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
    const kept =
      isCredential(name) || isRunnersToken(name) ? null : withoutCallersPaths(name, value, how.homeDirectories);
    if (kept !== null) variables[name] = kept;
    if (kept !== value && (isCredential(name) || name === 'NODE_OPTIONS')) leftOut.push(name);
  }
  return { variables, leftOut };
}

/**
 * For adopt: an app's stored variables. Credentials stay, because the app had them.
 * @param callersHomeDirectory null: paths stay
 */
export function applicationVariables(env: NodeJS.ProcessEnv, callersHomeDirectory: string | null): NodeJS.ProcessEnv {
  const secrets = Object.keys(env).filter((name) => isCredential(name) || isRunnersToken(name));
  return crossing(env, {
    homeDirectories: homeDirectories([callersHomeDirectory], null),
    typed: new Set(secrets),
    handsOver: true,
  }).variables;
}

/** `path` must find pm2's node: PM2 5 starts its daemon with `node` from PATH (launchDaemon in lib/Client.js). */
export function ownersEnvironment(variables: NodeJS.ProcessEnv, owner: NewUser, path: string): NodeJS.ProcessEnv {
  return {
    ...variables,
    HOME: owner.homeDirectory,
    USER: owner.user,
    LOGNAME: owner.user,
    SHELL: owner.shell,
    MAIL: `/var/mail/${owner.user}`,
    PATH: path,
  };
}

/** Variables of the account, of sudo and doas, and ours. PM2 would store ours with the app. */
export function neverCrosses(name: string): boolean {
  return OF_THE_ACCOUNT.includes(name) || saysWhoTyped(name) || isOurs(name);
}

/** General names count only if a job or a session is visible in the environment. */
function jobsAndSessions(names: readonly string[]): Names[] {
  const lists = [OF_A_SCREEN, OF_A_SERVICE, ...CI_RUNNERS];
  const signed = lists.filter(({ signs }) => names.some((name) => has(signs, name)));
  return [PERSON_AND_SESSION, ...signed];
}

function identifies(name: string, shown: readonly Names[]): boolean {
  return has(CI_PROCESS_MARKS, name) || shown.some((names) => isOneOf(name, names));
}

function isCredential(name: string): boolean {
  return isOneOf(name, CREDENTIALS);
}

function isRunnersToken(name: string): boolean {
  return (
    has(CI_TOKENS, name) || (name.endsWith('TOKEN') && CI_TOKEN_PREFIXES.some((prefix) => name.startsWith(prefix)))
  );
}

/** Variables by which a CI runner finds and kills processes. A value such as `dontKillMe` prevents that. */
export function ciProcessMarks(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => (name === 'BUILD_ID' || has(CI_PROCESS_MARKS, name)) && !/^(0|dont.*)?$/i.test(value))
    .map(([name]) => name);
}

function isOurs(name: string): boolean {
  return name === 'PM2_GUARD' || name.startsWith('PM2_GUARD_');
}

export function dropOwnVariables(env: NodeJS.ProcessEnv): void {
  drop(env, isOurs);
}

/** PM2 would store them in the app and in dump.pm2 (`sudo -u www-data pm2 restart app --update-env`). */
export function dropSudoVariables(env: NodeJS.ProcessEnv): void {
  drop(env, saysWhoTyped);
}

/** "Environment" in sudo(8), doas(1) and pkexec(1). */
function saysWhoTyped(name: string): boolean {
  return name.startsWith('SUDO_') || name === 'DOAS_USER' || name === 'PKEXEC_UID';
}

function drop(env: NodeJS.ProcessEnv, goes: (name: string) => boolean): void {
  for (const name of Object.keys(env)) if (goes(name)) Reflect.deleteProperty(env, name);
}
