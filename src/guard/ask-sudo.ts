import { existsSync } from 'node:fs';
import { HOP, MAY, SHIM_COMMAND } from '../call/hop.ts';
import { isOperator } from '../call/operators.ts';
import type { AskSudo } from '../call/resolve-call.ts';
import type { Daemon } from '../policy/policy.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { isStranger } from '../sudoers/strangers.ts';
import type { Caller } from '../verdict/caller.ts';

/** The real sudo by absolute path: a `sudo` in the caller's PATH may be our own shim, or another user's program. */
const SUDO = ['/usr/bin/sudo', '/usr/local/bin/sudo', '/bin/sudo', '/run/wrappers/bin/sudo'];

/** Absolute path of the real sudo; null: there is none. */
export function realSudo(): string | null {
  return SUDO.find((path) => existsSync(path)) ?? null;
}

/**
 * What is known of sudo's answer. Where a command is going to be run, its rights are learned by running it
 * (through-sudo.ts); sudo is asked apart only where nothing is run: by `explain`, and for what a block may offer. It is
 * not asked at all for a user to whom its rules give nothing and who is no operator: each refusal is an alarm in the
 * system log.
 *
 * @param hopped the call came through sudo already, and is not sent on a second time
 * @param acts the call is going to be run
 */
export function askSudo({ hopped, acts }: { hopped: boolean; acts: boolean }): AskSudo {
  return (daemon, caller, purpose) => {
    if (hopped) return ['The call came through sudo already, and is not sent on a second time.'];
    if (realSudo() === null) return ['There is no sudo on this host to become that user with.'];
    const operator = isOperator(daemon, caller);
    if (!operator && isStranger(caller.user, daemon.user)) return [doesNotLet(daemon, caller)];
    if (acts && purpose === 'to run') return null;
    const words = process.geteuid?.() === caller.uid ? canBecome(daemon) : mayBecome(daemon, caller);
    if (words === null || (needsPassword(words) && someoneIsThere())) return null;
    return refusalLines(daemon, caller, words === '' ? null : words);
  };
}

/**
 * Whether sudo lets this caller run our shim as a daemon's user without a password, by running it: a listing
 * (`sudo -l`) has other rules (sudoers(5) listpw, NOPASSWD of another command).
 *
 * @returns null: yes; else what sudo says
 */
export function canBecome({ user }: Daemon): string | null {
  return ask(['-n', '-u', user, '--', SHIM_COMMAND, MAY]);
}

/** The same of another user, for root, who cannot run sudo as that user: sudo(8) -U. */
function mayBecome({ name, user }: Daemon, caller: Caller): string | null {
  return ask(['-n', '-U', caller.user, '-u', user, '-l', '--', SHIM_COMMAND, HOP + name]);
}

function ask(words: readonly string[]): string | null {
  const { status, stderr } = lazyBuiltin('node:child_process').spawnSync(realSudo() ?? '', words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return null;
  // Faults of sudoers that sudo-rs shows with each call come first, and do not begin with a name.
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^(sudo|sudo-rs): |^Sorry, user /.test(line)) ?? lines.at(-1) ?? '';
}

/** Whether these words of sudo 1.9 or sudo-rs say that a password, and no more, is missing. */
export function needsPassword(words: string): boolean {
  return /(password|terminal|interactive authentication) is required/.test(words);
}

/**
 * What a caller should know of a refusal, and an operator of the rule that would allow it.
 *
 * @param words what sudo said; null: it said so on standard error itself, or nothing
 */
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
      'installs those of all operators with:  sudo pm2-guard sudoers --write',
    `The rule (it lets ${caller.user} run any code as ${daemon.user}):  ${caller.user} ALL=(${daemon.user}) ` +
      `NOPASSWD:SETENV: ${SHIM_COMMAND}`,
  ];
}

function doesNotLet(daemon: Daemon, caller: Caller): string {
  return `sudo does not let ${caller.user} run pm2 as ${daemon.user}.`;
}

/** proc(5): set by systemd's NoNewPrivileges and by container runtimes; set-user-ID has no effect then. */
function hasNoNewPrivileges(): boolean {
  return /^NoNewPrivs:\s*1$/m.test(readTextOrEmpty('/proc/self/status'));
}

/** A terminal on which sudo could ask. */
export function someoneIsThere(): boolean {
  const { isatty } = lazyBuiltin('node:tty');
  return isatty(0) || isatty(2);
}
