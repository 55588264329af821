import { HOP, KEPT, SHIM_COMMAND } from '../call/hop.ts';
import { isOneOf, KEPT_BY_SUDO, OF_THE_ACCOUNT } from '../identity/variable-names.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { canBecome, realSudo, someoneIsThere } from './ask-sudo.ts';
import { become, endAs, passOn, startChild } from './become.ts';
import { CANNOT_MARK, makeMark } from './mark.ts';
import { say } from './report.ts';
import { lostLines, leftOutLines, variablesFor } from './variables.ts';

/** What sudo ends with where it runs nothing (sudo(8) "Exit value", sudo-rs alike). */
const REFUSED = 1;

/** A call of the caller's that becomes the daemon's user's. */
export interface Crossover {
  verdict: Rewrite;
  invocation: Invocation;
  caller: Caller;
  /** Standard input that was read already; null: it is inherited. */
  stdin: Buffer | null;
}

/** What follows once it is known whether sudo allows it. */
export interface Outcome {
  /** The shim runs as the owner. */
  started: () => void;
  /** sudo has said why, on standard error, and nothing was run. */
  refused: () => void;
}

/**
 * Runs the same call as the daemon's user, through the real sudo and our own shim: it meets the guard again, as the
 * right user. Whether sudo allows it is learned from this very command. The application's variables are kept where the
 * call hands them to apps and sudo's rules allow it (SETENV); identity never is.
 */
export function becomeThroughSudo({ verdict, invocation, caller, stdin }: Crossover, outcome: Outcome): void {
  const { daemon } = verdict;
  const crossed = variablesFor(daemon, invocation, caller);
  leaveOnly(crossed.variables);
  const kept = Object.keys(crossed.variables).filter(mustBeNamed);
  const started = () => {
    outcome.started();
    say(leftOutLines(crossed, invocation));
  };
  const terminal = someoneIsThere();
  runMarked({ daemon: daemon.name, user: daemon.user, argv: verdict.argv, kept, terminal }, stdin, {
    started,
    refused: () => {
      // sudo refuses the whole call where a rule has no SETENV (T09). A password was typed by now, if one was asked
      // for.
      if (!kept.some(isWanted) || canBecome(daemon) !== null) {
        outcome.refused();
        return;
      }
      say(lostLines(kept.filter(isWanted), invocation));
      runMarked(
        {
          daemon: daemon.name,
          user: daemon.user,
          argv: verdict.argv,
          kept: kept.filter((name) => !isWanted(name)),
          terminal: false,
        },
        stdin,
        {
          started,
          refused: outcome.refused,
        },
      );
    },
  });
}

/** PWD alone is not worth a right that a rule may not give: the guard behind sudo knows where it is. */
function isWanted(name: string): boolean {
  return name !== 'PWD';
}

/** The words of one attempt. */
interface Attempt {
  daemon: string;
  user: string;
  argv: readonly string[];
  /** What crosses, by name. */
  kept: readonly string[];
  /** A person can type a password; without one (`-n`) no job ever hangs on a prompt. */
  terminal: boolean;
}

function wordsFor({ daemon, user, argv, kept, terminal }: Attempt, mark: string | null): string[] {
  const names = kept.join(',');
  return [
    ...(terminal ? [] : ['-n']),
    ...(kept.some(isWanted) ? [`--preserve-env=${names}`] : []),
    '-u',
    user,
    '--',
    SHIM_COMMAND,
    HOP + daemon,
    ...(mark === null ? [] : [mark]),
    ...(names === '' ? [] : [KEPT + names]),
    ...argv,
  ];
}

/** Runs sudo and tells its refusal from everything that ends with the same status behind it. */
function runMarked(attempt: Attempt, stdin: Buffer | null, outcome: Outcome): void {
  const sudo = realSudo() ?? '';
  const mark = makeMark();
  if (mark === null) {
    outcome.started();
    become(sudo, wordsFor(attempt, null), stdin);
    return;
  }
  const child = startChild(sudo, wordsFor(attempt, mark.word), stdin);
  let known = false;
  const look = (): boolean => {
    if (known || !mark.isSet()) return known;
    known = true;
    mark.remove();
    outcome.started();
    return true;
  };
  let timer: NodeJS.Timeout | undefined;
  // The shim sets its mark some 40 ms before anything behind it can print.
  const wait = (delay: number): void => {
    timer = setTimeout(() => {
      if (!look()) wait(Math.min(delay * 1.2, 100));
    }, delay);
  };
  wait(4);
  passOn(child, sudo, (status, signal) => {
    clearTimeout(timer);
    const started = look();
    mark.remove();
    if (!started && status === REFUSED) outcome.refused();
    else if (!started && status === CANNOT_MARK) {
      outcome.started();
      become(sudo, wordsFor(attempt, null), stdin);
    } else endAs(status, signal);
  });
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
