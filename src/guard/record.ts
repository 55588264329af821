import { existsSync } from 'node:fs';
import { recordLine, type LoggedOutcome } from '../log/line.ts';
import type { Daemon } from '../policy/policy.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import { replaceProcess } from './replace-process.ts';

/** By absolute path: root must not run a `logger` that the caller's PATH offers (docs/contract.md section 7.1). */
const LOGGER = ['/usr/bin/logger', '/bin/logger'];
/** coreutils, or busybox. */
const TIMEOUT = '/usr/bin/timeout';
const LONGEST_MS = 1000;
const OPTIONS = ['-p', 'auth.notice', '-t', 'pm2-guard', '--'];

/** What is written down of a call. */
export interface RecordEntry {
  outcome: LoggedOutcome;
  caller: Caller;
  /** Who owns what was asked for, where somebody does. */
  owner?: Daemon | null;
  argv: readonly string[];
  /** `file:line` of the rule, or the code of the verdict. */
  rule: string;
}

/**
 * One line in the system log, facility auth, tag pm2-guard: who, from where, what was typed, what came of it. Given to
 * the system's own logger(1) and not waited for: a log that is slow, full or missing never delays or fails a call.
 *
 * @param waits for it, at most a second
 */
export function record(entry: RecordEntry, waits = false): void {
  const logger = loggerHere();
  if (logger !== null) startLogger(logger, [...OPTIONS, lineOf(entry)], waits);
}

/**
 * Ends the process with `status`, and its entry in the system log. Loading node:child_process and forking a process of
 * node's size takes 5 ms, a fifth of all that a blocked call costs. Where node can, it becomes a shell that forks
 * logger and ends at once.
 */
export function endRecorded(status: number, entry: RecordEntry): void {
  process.exitCode = status;
  const waits = endsWithUs(process.env, process.pid);
  const words = lastWords(status, entry, waits);
  if (words === null) return;
  replaceProcess('/bin/sh', words, {});
  const [, , logger = ''] = words;
  // What node does after the last line of a program takes 2 ms, which process.exit() leaves out.
  if (!waits && startUnwatched(logger, [...OPTIONS, lineOf(entry)])) process.exit(status);
  record(entry, waits);
}

/**
 * Whether whatever this process leaves behind may be killed as soon as it ends: systemd ends the control group of a
 * unit with its main process, a container ends with its first process, and logind can end what is left of a session
 * (KillUserProcesses= in logind.conf(5)). There the entry has to be written first.
 */
function endsWithUs(env: NodeJS.ProcessEnv, pid: number): boolean {
  const inUnit = env['INVOCATION_ID'] !== undefined; // systemd.exec(5)
  const lastOfSession = env['SSH_CONNECTION'] !== undefined && env['SSH_TTY'] === undefined;
  return inUnit || lastOfSession || pid === 1;
}

/** libuv's own process, without what node:child_process puts around it (node's lib/internal/child_process.js). */
interface ProcessHandle {
  onexit: () => void;
  spawn(options: object): number;
  unref(): void;
}

/**
 * Starts a program without node:child_process, which takes 4 ms to load: for node before 22.15, whose bindings are
 * settled.
 *
 * @returns whether it was started
 */
function startUnwatched(file: string, words: readonly string[]): boolean {
  process.emitWarning = () => undefined; // with NODE_PENDING_DEPRECATION it would be about process.binding
  try {
    const binding = Reflect.get(process, 'binding') as (name: string) => { Process: new () => ProcessHandle };
    const handle = new (binding('process_wrap').Process)();
    handle.onexit = () => undefined;
    const stdio = [{ type: 'ignore' }, { type: 'ignore' }, { type: 'ignore' }];
    const failed = handle.spawn({ file, args: [file, ...words], envPairs: [], cwd: '/', detached: true, stdio });
    handle.unref();
    return failed === 0;
  } catch {
    return false;
  }
}

/**
 * What that shell is told; null: there is no logger here.
 *
 * @param waits for the logger, at most a second
 */
export function lastWords(status: number, entry: RecordEntry, waits = false): string[] | null {
  const logger = loggerHere();
  if (logger === null) return null;
  // The trap: where no process can be forked, the shell ends with a status of its own, and with a message. What the
  // child does for itself delays nobody; a shell without job control gives it /dev/null to read.
  const limit = waits && existsSync(TIMEOUT) ? `${TIMEOUT} 1 ` : '';
  const log = `{ cd /; exec ${limit}"$0" ${OPTIONS.join(' ')} "$1"; }`;
  const started = limit === '' ? `${log} &` : `( ${log} ) < /dev/null;`;
  const script = `exec >/dev/null 2>&1; trap 'exit "$2"' EXIT; ${started} exit "$2"`;
  return ['-c', script, logger, lineOf(entry), String(status)];
}

function lineOf({ outcome, caller, owner, argv, rule }: RecordEntry): string {
  const { user, login, home, cwd } = caller;
  return recordLine(outcome, {
    caller: user,
    login,
    home,
    cwd,
    rule,
    daemon: owner?.name,
    user: owner?.user,
    command: quoteCommand(['pm2', ...argv]),
  });
}

/** Starts logger(1) beside this process and forgets it; or waits for it. */
function startLogger(logger: string, words: readonly string[], waits: boolean): void {
  try {
    if (waits) {
      lazyBuiltin('node:child_process').spawnSync(logger, words, {
        stdio: 'ignore',
        env: {},
        cwd: '/',
        timeout: LONGEST_MS,
      });
      return;
    }
    const child = lazyBuiltin('node:child_process').spawn(logger, words, {
      stdio: 'ignore',
      detached: true,
      env: {},
      cwd: '/',
    });
    child.on('error', () => undefined);
    child.unref();
  } catch {
    // ENOMEM and the like are thrown, EAGAIN (no process left) is emitted: the call goes on, unrecorded
  }
}

function loggerHere(): string | null {
  return LOGGER.find((path) => existsSync(path)) ?? null;
}
