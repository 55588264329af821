import { spawn } from 'node:child_process';

/** Starts logger(1) beside this process and forgets it. A module of its own: a passed call has nothing to record, and loads no child_process. */
export function startLogger(logger: string, words: readonly string[]): void {
  const child = spawn(logger, words, { stdio: 'ignore', detached: true, env: {}, cwd: '/' });
  child.on('error', () => undefined);
  child.unref();
}
