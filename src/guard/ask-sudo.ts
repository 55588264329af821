import { existsSync } from 'node:fs';
import { HOP, SHIM } from '../call/hop.ts';
import { isOperator } from '../call/operators.ts';
import type { AskSudo } from '../call/resolve-call.ts';
import type { Daemon } from '../policy/policy.ts';
import { late } from '../runtime/late.ts';
import type { Caller } from '../verdict/caller.ts';

/** The real sudo by absolute path: a `sudo` in the caller's PATH may be our own shim, or another user's program. */
const SUDO = ['/usr/bin/sudo', '/usr/local/bin/sudo', '/bin/sudo', '/run/wrappers/bin/sudo'];

/** Absolute path of the real sudo; null: there is none. */
export function realSudo(): string | null {
  return SUDO.find((path) => existsSync(path)) ?? null;
}

/**
 * Asks the real sudo whether the caller may run our shim as a daemon's user (`sudo -l command`, sudo(8)). With a
 * terminal sudo may ask for the password here, once; without one (`-n`) no job ever hangs on a prompt.
 *
 * @param hopped the call came through sudo already, and is not sent on a second time
 */
export function askSudo(hopped: boolean): AskSudo {
  return (daemon, argv, caller, purpose) => {
    if (hopped) return ['The call came through sudo already, and is not sent on a second time.'];
    const sudo = realSudo();
    if (sudo === null) return ['There is no sudo on this host to become that user with.'];
    const terminal = someoneIsThere();
    const asks = terminal && purpose === 'to run';
    // Root asks on behalf of another: sudo(8) -U.
    const asked = process.geteuid?.() === caller.uid ? [] : ['-U', caller.user];
    const words = [...(asks ? [] : ['-n']), ...asked, '-u', daemon.user, '-l', '--', SHIM, HOP + daemon.name, ...argv];
    const { status, stderr } = late('node:child_process').spawnSync(sudo, words, {
      stdio: [asks ? 'inherit' : 'ignore', 'ignore', asks ? 'inherit' : 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    const password = /(password|terminal) is required/.test(stderr); // null: it went to the terminal
    if (status === 0 || (password && terminal)) return null;
    return refusalLines(password, daemon, caller);
  };
}

/** What sudo says no with, and for operators the rule that would allow it. */
function refusalLines(password: boolean, daemon: Daemon, caller: Caller): string[] {
  const why = password
    ? `sudo would ask ${caller.user} for a password, and this session has no terminal for that.`
    : `sudo does not let ${caller.user} run pm2 as ${daemon.user}.`;
  if (!isOperator(daemon, caller)) return [why];
  return [
    why,
    `The config names ${caller.user} as an operator, but the rule for sudo is not installed. An administrator ` +
    'installs those of all operators with:  sudo pm2-guard sudoers --write',
    `The rule (it lets ${caller.user} run any code as ${daemon.user}):  ${caller.user} ALL=(${daemon.user}) ` +
    `NOPASSWD:SETENV: ${SHIM}`,
  ];
}

/** A terminal on which sudo could ask. */
export function someoneIsThere(): boolean {
  const { isatty } = late('node:tty');
  return isatty(0) || isatty(2);
}
