import { rmSync, symlinkSync } from 'node:fs';
import { asPid, asPosix, type Pid } from '../runtime/brands.ts';
import { linkOf, statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';

/**
 * The lock is a dangling symlink: symlink(2) is atomic. It has the holder's pid and start time, as pids are reused.
 *
 * @param file in a directory where only the caller or root can write
 * @returns release function, or the holder's pid. @throws system error
 */
export function lock(file: string): (() => void) | Pid {
  for (;;) {
    try {
      symlinkSync(`${process.pid} ${startOf(asPosix(process).pid) ?? ''}`, file);
      return () => {
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = livingHolder(file);
    if (holder !== null) return holder;
    // Only the holder of the second lock removes a stale one, so it cannot remove a new lock.
    const release = lock(`${file}.stale`);
    if (typeof release === 'number') return release; // it is taking the lock
    try {
      if (isStale(file)) rmSync(file, { force: true });
    } finally {
      release();
    }
  }
}

function livingHolder(file: string): Pid | null {
  const holder = linkOf(file);
  return holder !== null && isAlive(holder) ? asPid(Number(holder.split(' ')[0])) : null;
}

/** Its holder has ended, or it is no symlink of ours. False: it is gone. */
function isStale(file: string): boolean {
  const holder = linkOf(file);
  return holder === null ? statOf(file)?.isSymbolicLink() === false : !isAlive(holder);
}

function isAlive(holder: string): boolean {
  const [number = '', started = ''] = holder.split(' ');
  const pid = asPid(Number(number));
  return started === '' ? isThere(pid) : startOf(pid) === started;
}

/** Without /proc: kill(2), signal 0. */
function isThere(pid: Pid): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
