import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { escapeControls } from '../terminal/escape.ts';
import type { Caller } from '../verdict/caller.ts';
import { shown } from './report.ts';

/** By absolute path: root must not run a `logger` that the caller's PATH offers (PRODUCT section 7.1). */
const LOGGER = ['/usr/bin/logger', '/bin/logger'];

/**
 * One line in the system log, facility auth, tag pm2-guard: who, from where, what was typed, what came of it. Given to the
 * system's own logger(1) and not waited for: a log that is slow, full or missing never delays or fails a call.
 * Imported where it is needed only: a passed call starts no process.
 */
export function record(outcome: string, caller: Caller, argv: readonly string[], rule: string): void {
  const logger = LOGGER.find((path) => existsSync(path));
  if (logger === undefined) return;
  const line = [
    outcome, `caller=${caller.user}`, `login=${caller.login ?? '-'}`, `home=${caller.home}`, `cwd=${caller.cwd ?? '-'}`,
    `rule=${rule}`, `command=${shown(['pm2', ...argv]).slice(0, 4000)}`,
  ].join(' ');
  const child = spawn(logger, ['-p', 'auth.notice', '-t', 'pm2-guard', '--', escapeControls(line)], {
    stdio: 'ignore', detached: true, env: {}, cwd: '/',
  });
  child.on('error', () => undefined);
  child.unref();
}
