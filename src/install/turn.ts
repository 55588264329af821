import { setTimeout as sleep } from 'node:timers/promises';
import type { Pid } from '../runtime/brands.ts';
import { UserError } from '../terminal/user-error.ts';
import { lock } from '../trust/lock.ts';
import { LOCK } from './places.ts';

/** An install takes seconds; apt and an administrator may run one at the same time. */
const PATIENCE_MS = 60_000;
const STEP_MS = 50;

/**
 * Two installs at once would remove each other's files, and an uninstall those of a running adopt.
 * @throws UserError after PATIENCE_MS; errors of `work`
 */
export async function inTurn<Result>(
  work: () => Result | Promise<Result>,
  waiting: (pid: Pid) => void,
): Promise<Result> {
  const release = await take(waiting);
  try {
    return await work();
  } finally {
    release();
  }
}

async function take(waiting: (pid: Pid) => void): Promise<() => void> {
  let told = false;
  for (const deadline = Date.now() + PATIENCE_MS; ;) {
    const held = attempt();
    if (typeof held === 'function') return held;
    if (Date.now() > deadline)
      throw new UserError(
        `pid ${held} of pm2-guard is making changes, and has not finished after ${PATIENCE_MS / 1000} seconds`,
        `ps -fp ${held}`,
      );
    if (!told) waiting(held);
    told = true;
    await sleep(STEP_MS);
  }
}

/** Without permission to lock, goes on: the work reports what it may not do. */
function attempt(): (() => void) | Pid {
  try {
    return lock(LOCK);
  } catch {
    return () => undefined;
  }
}
