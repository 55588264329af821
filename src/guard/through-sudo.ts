import { existsSync } from 'node:fs';
import { isOneOf, KEPT_BY_SUDO, OF_THE_ACCOUNT } from '../identity/variable-names.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon } from '../policy/policy.ts';
import { late } from '../runtime/late.ts';
import { shown } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { become } from './become.ts';
import { HOP, SHIM } from './hop.ts';
import { say } from './report.ts';
import { mayKeepVariables } from './sudo-listing.ts';
import { leftOutLines, variablesFor } from './variables.ts';

/** The real sudo by absolute path: a `sudo` in the caller's PATH may be our own shim, or somebody's trap. */
const SUDO = ['/usr/bin/sudo', '/bin/sudo'];

export type Refusal = 'no sudo' | 'not allowed' | 'password' | 'second hop';

/**
 * Whether sudo lets this caller run our shim as the daemon's user, asked of sudo itself (`sudo -l command`, sudo(8)).
 * With a terminal sudo may ask for the password here, once; without one (`-n`) no job ever hangs on a prompt.
 *
 * @returns null: yes
 */
export function refusalOf(daemon: Daemon, argv: readonly string[]): Refusal | null {
  const sudo = realSudo();
  if (sudo === null) return 'no sudo';
  const asks = someoneIsThere();
  const { status, stderr } = late('node:child_process').spawnSync(sudo, [...(asks ? [] : ['-n']), '-u', daemon.user, '-l', '--', SHIM, HOP + daemon.name, ...argv], {
    stdio: [asks ? 'inherit' : 'ignore', 'ignore', asks ? 'inherit' : 'pipe'], encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return null;
  return asksForPassword(stderr) ? 'password' : 'not allowed';
}

/**
 * Become the same call as the daemon's user, through the real sudo and our own shim: it meets the guard again, as the
 * right user. The application's variables are kept where the call hands them to apps and sudo's rules allow it
 * (SETENV); identity never is.
 *
 * @param stdin standard input that was read already; null: it is inherited
 */
export function becomeThroughSudo({ daemon, argv }: Rewrite, invocation: Invocation, caller: Caller, stdin: Buffer | null): void {
  const sudo = realSudo() ?? '';
  const crossed = variablesFor(daemon, invocation, caller);
  say(leftOutLines(crossed, invocation));
  leaveOnly(crossed.variables);
  const variables = Object.keys(crossed.variables).filter(mustBeNamed);
  const kept = variables.length > 0 && mayKeepVariables(sudo, daemon.user, SHIM) ? [`--preserve-env=${variables.join(',')}`] : [];
  const words = [...(someoneIsThere() ? [] : ['-n']), ...kept, '-u', daemon.user, '--', SHIM, HOP + daemon.name, ...argv];
  become(sudo, words, stdin);
}

/**
 * Takes out of this environment what does not cross: sudo keeps DISPLAY, XAUTHORITY and KRB5CCNAME by itself, and
 * everything where env_reset is off (sudoers(5)). What sudo and its PAM modules ask for stays: sudo(8) "Environment",
 * pam_ssh_agent_auth(8).
 */
function leaveOnly(variables: NodeJS.ProcessEnv): void {
  const asked = (name: string) => OF_THE_ACCOUNT.includes(name) || name.startsWith('SUDO_') || name === 'SSH_AUTH_SOCK';
  for (const name of Object.keys(process.env)) {
    if (variables[name] === undefined && !asked(name)) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, variables);
}

/**
 * Names that sudo's option can hold, and that it does not keep by itself; the word of the hop stands for those that
 * choose a daemon.
 */
function mustBeNamed(name: string): boolean {
  const choosesDaemon = name === 'PM2_HOME' || PATH_OVERRIDES.includes(name);
  return /^[A-Za-z_]\w*$/.test(name) && name !== '_' && !choosesDaemon && !isOneOf(name, KEPT_BY_SUDO);
}

/**
 * What a blocked caller is told beside the command that is right: why sudo would not, and the rule that would allow
 * it.
 */
export function refusalLines(refusal: Refusal, daemon: Daemon, caller: Caller): string[] {
  const allow = `allow:  ${caller.user} ALL=(${daemon.user}) NOPASSWD:SETENV: ${SHIM}   (in sudoers; pm2-guard sudoers writes it for operators)`;
  switch (refusal) {
    case 'no sudo': return ['there is no sudo on this host to become that user with'];
    case 'password': return [`sudo allows ${caller.user} nothing without a password, and there is no terminal to type it on`, allow];
    case 'not allowed': return [`sudo does not allow ${caller.user} to run ${shown([SHIM])} as ${daemon.user}`, allow];
    case 'second hop': return ['it came through sudo already, and is not sent on a second time'];
  }
}

function realSudo(): string | null {
  return SUDO.find((path) => existsSync(path)) ?? null;
}

/** sudo(8) with -n; null where stderr was the terminal's. */
function asksForPassword(stderr: string | null): boolean {
  return stderr !== null && /password is required|terminal is required/.test(stderr);
}

/** A terminal on which sudo could ask. */
function someoneIsThere(): boolean {
  const { isatty } = late('node:tty');
  return isatty(0) || isatty(2);
}
