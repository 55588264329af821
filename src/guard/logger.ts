import { spawn } from 'node:child_process';

/** Starts logger(1) beside this process and forgets it. A module of its own: a passed call has nothing to record, and loads no child_process. */
export function startLogger(logger: string, words: readonly string[]): void {
  try {
    const child = spawn(logger, words, { stdio: 'ignore', detached: true, env: {}, cwd: '/' });
    child.on('error', () => undefined);
    child.unref();
  } catch {
    // ENOMEM and the like are thrown, EAGAIN (no process left) is emitted: the call goes on, unrecorded
  }
}
