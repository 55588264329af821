import { HOP, MAY, SHIM_COMMAND } from '../call/hop.ts';
import { isOperator } from '../call/operators.ts';
import type { AskSudo, Purpose } from '../call/resolve-call.ts';
import type { Daemon } from '../policy/policy.ts';
import { accountByName } from '../identity/accounts.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { isTerminal } from '../runtime/is-terminal.ts';
import { runProgram } from '../runtime/run-program.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { isStranger } from '../sudoers/strangers.ts';
import { mayKeepVariables } from './sudo-listing.ts';
import type { Caller } from '../verdict/caller.ts';
import { rootCommandLine } from '../terminal/root-command.ts';

interface Asking {
  /** The call came through sudo already. */
  hopped: boolean;
  /** The command is run, not only explained. */
  acts: boolean;
}

/**
 * Asks sudo only if the command is not run now, since running it shows the answer. Each refusal is an alarm in the
 * system log, so sudo is not asked for a user without rules.
 */
export function askSudo({ hopped, acts }: Asking): AskSudo {
  return (daemon, caller, purpose) => {
    if (hopped) return ['The call came through sudo already, and is not sent on a second time.'];
    const sudo = realSudo();
    if (sudo === null) return ['There is no sudo on this host to become that user with.'];
    const typist = typistOf(caller);
    if (typist === null) return null;
    const operator = isOperator(daemon, typist);
    if (!operator && isStranger(typist, daemon.user)) return [doesNotLet(daemon, typist)];
    if (acts && purpose === 'to run') return null;
    const words = refusal(sudo, daemon, typist, purpose);
    if (words === null || (needsPassword(words) && someoneIsThere())) return null;
    return refusalLines(daemon, typist, words === '' ? null : words);
  };
}

type Typist = Pick<Caller, 'uid' | 'user'>;

/** Who types the next line: for root by sudo the login user. Null: a user without an account. */
function typistOf(caller: Caller): Typist | null {
  if (caller.uid !== 0 || caller.login === null) return caller;
  const account = accountByName(caller.login);
  return account === null ? null : { uid: account.uid, user: account.name };
}

/** Null: allowed, else sudo's message. */
function refusal(sudo: string, daemon: Daemon, typist: Typist, purpose: Purpose): string | null {
  const { name, user, pm2Home } = daemon;
  const own = process.geteuid?.() === typist.uid;
  // Only root may ask for others: sudo(8) -U.
  const list = ['-n', ...(own ? [] : ['-U', typist.user]), '-u', user, '-l', '--'];
  switch (purpose) {
    case 'by name':
      return ask([...list, 'pm2']);
    case 'to set':
      if (own) return canBecome(daemon, [`PM2_HOME=${pm2Home}`]);
      return mayKeepVariables(sudo, user, SHIM_COMMAND, typist.user) ? null : '';
    case 'to run':
    case 'to tell':
      return own ? canBecome(daemon) : ask([...list, SHIM_COMMAND, HOP + name]);
  }
}

/**
 * Null: allowed, else sudo's message. Runs our shim, because `sudo -l` has other rules (listpw in sudoers(5)).
 *
 * @param variables assignments that the line sets
 */
export function canBecome({ user }: Pick<Daemon, 'user'>, variables: readonly string[] = []): string | null {
  return ask(['-n', '-u', user, ...variables, '--', SHIM_COMMAND, MAY]);
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
export function refusalLines(daemon: Daemon, caller: Typist, words: string | null): string[] {
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

function doesNotLet(daemon: Daemon, caller: Typist): string {
  return `sudo does not let ${caller.user} run pm2 as ${daemon.user}.`;
}

/** systemd (NoNewPrivileges=) and container runtimes set it, and then set-user-ID has no effect (proc(5)). */
function hasNoNewPrivileges(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readTextOrEmpty('/proc/self/status'));
}

export function someoneIsThere(): boolean {
  return isTerminal(0) || isTerminal(2);
}
