import { HOP, KEPT, SHIM_COMMAND } from '../call/hop.ts';
import { isOneOf, KEPT_BY_SUDO, OF_THE_ACCOUNT } from '../identity/variable-names.ts';
import { PATH_OVERRIDES } from '../pm2/home.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Caller } from '../verdict/caller.ts';
import type { Rewrite } from '../verdict/verdict.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { canBecome, someoneIsThere } from './ask-sudo.ts';
import { CANNOT_START, runInstead, endAs, runChild } from './become.ts';
import { CANNOT_MARK, makeMark } from './mark.ts';
import { say } from './report.ts';
import { lostLines, leftOutLines, variablesFor } from './variables.ts';

/** sudo's status if it runs nothing (sudo(8) "Exit value"). */
const REFUSED = 1;

export interface SudoHandoff {
  verdict: Rewrite;
  invocation: Invocation;
  caller: Caller;
  /** null: inherited. */
  stdin: Buffer | null;
}

export interface Outcome {
  started: () => void;
  /** sudo printed the reason, and nothing was run. */
  refused: () => void;
}

/** Running the call shows whether sudo allows it. App variables cross only if sudo's rule has SETENV. */
export function becomeThroughSudo({ verdict, invocation, caller, stdin }: SudoHandoff, outcome: Outcome): void {
  const { daemon } = verdict;
  const crossed = variablesFor(daemon, invocation, caller);
  leaveOnly(crossed.variables);
  const kept = Object.keys(crossed.variables).filter(mustBeNamed);
  const started = (keeps: boolean) => () => {
    outcome.started();
    say(leftOutLines(crossed, invocation, keeps));
  };
  const terminal = someoneIsThere();
  runMarked({ daemon: daemon.name, user: daemon.user, argv: verdict.argv, kept, terminal }, stdin, {
    started: started(true),
    refused: () => {
      // Without SETENV sudo refuses the whole call (T09), so it is repeated without variables.
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
          started: started(false),
          refused: outcome.refused,
        },
      );
    },
  });
}

/** PWD alone does not need SETENV: the guard behind sudo sets it. */
function isWanted(name: string): boolean {
  return name !== 'PWD';
}

interface Attempt {
  daemon: string;
  user: string;
  argv: readonly string[];
  kept: readonly string[];
  /** False adds `-n`, so that a job never waits for a password. */
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

/** A refusal and a failed command may have the same status. The mark tells them apart. */
function runMarked(attempt: Attempt, stdin: Buffer | null, outcome: Outcome): void {
  const sudo = realSudo() ?? '';
  const mark = makeMark();
  if (mark === null) {
    outcome.started();
    runInstead(sudo, wordsFor(attempt, null), stdin);
    return;
  }
  let known = false;
  const look = (): boolean => {
    if (known || !mark.isSet()) return known;
    known = true;
    mark.remove();
    outcome.started();
    return true;
  };
  let timer: NodeJS.Timeout | undefined;
  const wait = (delay: number): void => {
    timer = setTimeout(() => {
      if (!look()) wait(Math.min(delay * 1.2, 100));
    }, delay);
  };
  runChild({ file: sudo, argv: wordsFor(attempt, mark.word), stdin }, (status, signal) => {
    clearTimeout(timer);
    const started = look();
    mark.remove();
    if (!started && (status === REFUSED || status === CANNOT_START)) outcome.refused();
    else if (!started && status === CANNOT_MARK) {
      outcome.started();
      runInstead(sudo, wordsFor(attempt, null), stdin);
    } else endAs(status, signal);
  });
  wait(4); // the shim sets the mark some 40 ms before pm2 can print
}

/**
 * sudo keeps DISPLAY, XAUTHORITY and KRB5CCNAME by default, and everything without env_reset (sudoers(5)), so they
 * are removed here. sudo and pam_ssh_agent_auth(8) still get the variables that they read.
 */
function leaveOnly(variables: NodeJS.ProcessEnv): void {
  const asked = (name: string) => OF_THE_ACCOUNT.includes(name) || name.startsWith('SUDO_') || name === 'SSH_AUTH_SOCK';
  for (const name of Object.keys(process.env)) {
    if (variables[name] === undefined && !asked(name)) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, variables);
}

/** False for names that --preserve-env cannot hold, that sudo keeps anyway, or that choose a daemon. */
function mustBeNamed(name: string): boolean {
  const choosesDaemon = name === 'PM2_HOME' || PATH_OVERRIDES.includes(name);
  return /^[A-Za-z_]\w*$/.test(name) && name !== '_' && !choosesDaemon && !isOneOf(name, KEPT_BY_SUDO);
}
