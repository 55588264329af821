import { existsSync } from 'node:fs';
import { recordLine, type LoggedOutcome } from '../log/line.ts';
import type { Daemon } from '../policy/policy.ts';
import { asPosix, type Pid } from '../runtime/brands.ts';
import { startBareProcess } from '../runtime/bare-process.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { describeCommand } from '../terminal/shown.ts';
import type { Caller } from '../verdict/caller.ts';
import { replaceProcess } from './replace-process.ts';

/** Absolute paths: root must not run a `logger` from the caller's PATH (docs/contract.md section 7.1). */
const LOGGER = ['/usr/bin/logger', '/bin/logger'];
const TIMEOUT = '/usr/bin/timeout';
const LONGEST_MS = 1000;
const OPTIONS = ['-p', 'auth.notice', '-t', 'pm2-guard', '--'];

export interface RecordEntry {
  outcome: LoggedOutcome;
  caller: Caller;
  owner?: Daemon | null;
  argv: readonly string[];
  rule: string;
}

/** One line in the system log by logger(1). A slow or missing log must not stop a call. `waits`: up to a second. */
export function record(entry: RecordEntry, waits = false): void {
  const logger = loggerHere();
  if (logger !== null) startLogger(logger, [...OPTIONS, lineOf(entry)], waits);
}

/**
 * Records and exits with the status. Where a child process may outlive the call, node forks it below its own modules.
 * Elsewhere the process becomes a shell, which forks: loading node:child_process takes 4 ms.
 */
export function endRecorded(status: number, entry: RecordEntry): void {
  process.exitCode = status;
  const waits = endsWithUs(process.env, asPosix(process).pid);
  const logger = loggerHere();
  if (logger === null) return;
  // process.exit() saves 2 ms of node's normal exit.
  if (!waits && startUnwatched(logger, [...OPTIONS, lineOf(entry)])) process.exit(status);
  replaceProcess('/bin/sh', loggingShellArguments(status, entry, logger, waits), {});
  record(entry, waits);
}

/**
 * Whether child processes die with this one, so that the entry must be written first: in a systemd unit, as first
 * process of a container, or at the end of a session (KillUserProcesses= in logind.conf(5)).
 */
function endsWithUs(env: NodeJS.ProcessEnv, pid: Pid): boolean {
  const inUnit = env['INVOCATION_ID'] !== undefined; // systemd.exec(5)
  const lastOfSession = env['SSH_CONNECTION'] !== undefined && env['SSH_TTY'] === undefined;
  return inUnit || lastOfSession || pid === 1;
}

function startUnwatched(logger: string, words: readonly string[]): boolean {
  const started = startBareProcess({ file: logger, words, env: {}, apart: true }, () => undefined);
  started?.unref();
  return started !== null;
}

/** Arguments of that shell. `waits`: up to a second. */
export function loggingShellArguments(status: number, entry: RecordEntry, logger: string, waits = false): string[] {
  // The trap sets the status and hides the message if the shell cannot fork. Commands in the child delay no call.
  const limit = waits && existsSync(TIMEOUT) ? `${TIMEOUT} 1 ` : '';
  const log = `{ cd /; exec ${limit}"$0" ${OPTIONS.join(' ')} "$1"; }`;
  const started = limit === '' ? `${log} &` : `( ${log} ) < /dev/null;`;
  const script = `exec >/dev/null 2>&1; trap 'exit "$2"' EXIT; ${started} exit "$2"`;
  return ['-c', script, logger, lineOf(entry), String(status)];
}

function lineOf({ outcome, caller, owner, argv, rule }: RecordEntry): string {
  const { user, login, pm2Home, cwd } = caller;
  return recordLine(outcome, {
    caller: user,
    login,
    home: pm2Home,
    cwd,
    rule,
    daemon: owner?.name,
    user: owner?.user,
    command: describeCommand(['pm2', ...argv]),
  });
}

function startLogger(logger: string, words: readonly string[], waits: boolean): void {
  if (!waits && startUnwatched(logger, words)) return;
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
    // ENOMEM is thrown, EAGAIN is emitted: the call goes on without a record
  }
}

export function loggerHere(): string | null {
  return LOGGER.find((path) => existsSync(path)) ?? null;
}
