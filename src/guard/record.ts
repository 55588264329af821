import { accessSync, constants, existsSync } from 'node:fs';
import { escapeControls } from '../terminal/escape.ts';
import type { Caller } from '../verdict/caller.ts';
import { shown } from './report.ts';

/** By absolute path: root must not run a `logger` that the caller's PATH offers (PRODUCT section 7.1). */
const LOGGER = ['/usr/bin/logger', '/bin/logger'];
const OPTIONS = ['-p', 'auth.notice', '-t', 'pm2-guard', '--'];

/** What is written down of a call. */
export interface Entry {
  outcome: 'rewrite' | 'block' | 'bypass' | 'observed';
  caller: Caller;
  argv: readonly string[];
  /** `file:line` of the rule, or the code of the verdict. */
  rule: string;
}

/**
 * One line in the system log, facility auth, tag pm2-guard: who, from where, what was typed, what came of it. Given to the
 * system's own logger(1) and not waited for: a log that is slow, full or missing never delays or fails a call.
 */
export async function record(entry: Entry): Promise<void> {
  const logger = loggerHere();
  if (logger === null) return;
  const { startLogger } = await import('./logger.ts');
  startLogger(logger, [...OPTIONS, lineOf(entry)]);
}

/**
 * Ends the process with `status`, and its entry in the system log. Loading node:child_process and forking a process of
 * node's size takes 5 ms, a fifth of all that a blocked call costs; where node can, it becomes a shell that forks logger and
 * ends at once.
 */
export async function endRecorded(status: number, entry: Entry): Promise<void> {
  process.exitCode = status;
  const { execve } = process as unknown as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never };
  const logger = loggerHere();
  if (logger === null) return;
  if (!execve || !executable('/bin/sh')) {
    await record(entry);
    return;
  }
  const script = `"$0" ${OPTIONS.join(' ')} "$1" </dev/null >/dev/null 2>&1 & exit "$2"`;
  execve.call(process, '/bin/sh', ['/bin/sh', '-c', script, logger, lineOf(entry), String(status)], {});
}

function lineOf({ outcome, caller, argv, rule }: Entry): string {
  return escapeControls([
    outcome, `caller=${caller.user}`, `login=${caller.login ?? '-'}`, `home=${caller.home}`, `cwd=${caller.cwd ?? '-'}`,
    `rule=${rule}`, `command=${shown(['pm2', ...argv]).slice(0, 4000)}`,
  ].join(' '));
}

function loggerHere(): string | null {
  return LOGGER.find((path) => existsSync(path)) ?? null;
}

/** A failing execve aborts the process on Node 22, it throws nothing: so look first. */
function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
