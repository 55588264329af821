import { HOP, MAY, SHIM_COMMAND } from '../call/hop.ts';
import { isOperator } from '../call/operators.ts';
import type { AskSudo } from '../call/resolve-call.ts';
import type { Daemon } from '../policy/policy.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { isTerminal } from '../runtime/is-terminal.ts';
import { runProgram } from '../runtime/run-program.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { isStranger } from '../sudoers/strangers.ts';
import type { Caller } from '../verdict/caller.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

/**
 * Asks sudo only if the command is not run now, since running it shows the answer. Each refusal is an alarm in the
 * system log, so sudo is not asked for a user without rules. `hopped`: the call already came through sudo.
 */
export function askSudo({ hopped, acts }: { hopped: boolean; acts: boolean }): AskSudo {
  return (daemon, caller, purpose) => {
    if (hopped) return ['The call came through sudo already, and is not sent on a second time.'];
    if (realSudo() === null) return ['There is no sudo on this host to become that user with.'];
    const operator = isOperator(daemon, caller);
    if (!operator && isStranger(caller, daemon.user)) return [doesNotLet(daemon, caller)];
    if (acts && purpose === 'to run') return null;
    const words = process.geteuid?.() === caller.uid ? canBecome(daemon) : mayBecome(daemon, caller);
    if (words === null || (needsPassword(words) && someoneIsThere())) return null;
    return refusalLines(daemon, caller, words === '' ? null : words);
  };
}

/** Null: allowed, else sudo's message. Runs our shim, because `sudo -l` has other rules (listpw in sudoers(5)). */
export function canBecome({ user }: Daemon): string | null {
  return ask(['-n', '-u', user, '--', SHIM_COMMAND, MAY]);
}

/** For root, which cannot run sudo as another user: sudo(8) -U. */
function mayBecome({ name, user }: Daemon, caller: Caller): string | null {
  return ask(['-n', '-U', caller.user, '-u', user, '-l', '--', SHIM_COMMAND, HOP + name]);
}

function ask(words: readonly string[]): string | null {
  const { status, stderr, error } = runProgram(realSudo() ?? '', words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return null;
  if (error !== undefined) return error.message;
  // sudo-rs prints errors of sudoers first, without its own name in front.
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^(sudo|sudo-rs): |^Sorry, user /.test(line)) ?? lines.at(-1) ?? '';
}

/** Whether only a password is missing, by a message of sudo 1.9 or sudo-rs. */
export function needsPassword(words: string): boolean {
  return /(password|terminal|interactive authentication) is required/.test(words);
}

/** Explains a refusal. `words`: sudo's message; null: none, or printed already. An operator learns the rule. */
export function refusalLines(daemon: Daemon, caller: Caller, words: string | null): string[] {
  const said = words === null ? [] : [`It says:  ${words}`];
  if (process.geteuid?.() === caller.uid && hasNoNewPrivileges()) {
    return [
      doesNotLet(daemon, caller),
      ...said,
      'This process runs with NoNewPrivileges: no rule of sudo can change that. ' +
        `Run the job as ${daemon.user}, or take NoNewPrivileges out of its service.`,
    ];
  }
  if (!isOperator(daemon, caller)) return [doesNotLet(daemon, caller), ...said];
  return [
    doesNotLet(daemon, caller),
    ...said,
    `The config names ${caller.user} as an operator. Where the rule for sudo is not installed, an administrator ` +
      `installs those of all operators with:  ${rootCommandLine('sudoers', '--write')}`,
    `The rule (it lets ${caller.user} run any code as ${daemon.user}):  ${caller.user} ALL=(${daemon.user}) ` +
      `NOPASSWD:SETENV: ${SHIM_COMMAND}`,
  ];
}

function doesNotLet(daemon: Daemon, caller: Caller): string {
  return `sudo does not let ${caller.user} run pm2 as ${daemon.user}.`;
}

/** systemd (NoNewPrivileges=) and container runtimes set it, and then set-user-ID has no effect (proc(5)). */
function hasNoNewPrivileges(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readTextOrEmpty('/proc/self/status'));
}

export function someoneIsThere(): boolean {
  return isTerminal(0) || isTerminal(2);
}
