import { isOneOf, KEPT_BY_SUDO, OF_THE_ACCOUNT } from '../identity/variable-names.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { realSudo, someoneIsThere } from './ask-sudo.ts';
import { become } from './become.ts';
import { HOP, SHIM } from '../call/hop.ts';
import { say } from './report.ts';
import { mayKeepVariables } from './sudo-listing.ts';
import { leftOutLines, variablesFor } from './variables.ts';


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
