import { applicationVariables } from '../identity/environment.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { realSudo, someoneIsThere } from './ask-sudo.ts';
import { become } from './become.ts';
import { HOP, SHIM } from '../call/hop.ts';
import { mayKeepVariables } from './sudo-listing.ts';

/** PM2 commands that hand the environment of the call to apps (PM2.md section 5.2), or to code that they run. */
const HANDS_OVER = new Set(['start', 'restart', 'reload', 'startOrRestart', 'startOrReload', 'startOrGracefulReload', 'serve', 'set', 'multiset', 'config', 'install', 'module:update', 'deploy', 'pull', 'forward', 'backward', 'create']);

/**
 * Become the same call as the daemon's user, through the real sudo and our own shim: it meets the guard again, as the right
 * user. The
 * application's variables are kept where the call hands them to apps and sudo's rules allow it (SETENV); identity never is.
 *
 * @param stdin standard input that was read already; null: it is inherited
 */
export function becomeThroughSudo({ daemon, argv }: Rewrite, invocation: Invocation, caller: Caller, stdin: Buffer | null): void {
  const sudo = realSudo() ?? '';
  const variables = HANDS_OVER.has(invocation.command ?? '') ? Object.keys(applicationVariables(process.env, caller.passwdHome)).filter((name) => /^[A-Za-z_]\w*$/.test(name)) : [];
  const kept = variables.length > 0 && mayKeepVariables(sudo, daemon.user, SHIM) ? [`--preserve-env=${variables.join(',')}`] : [];
  const words = [...(someoneIsThere() ? [] : ['-n']), ...kept, '-u', daemon.user, '--', SHIM, HOP + daemon.name, ...argv];
  become(sudo, words, stdin);
}
