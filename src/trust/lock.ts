import { rmSync, symlinkSync } from 'node:fs';
import { linkOf, statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';

/**
 * Keeps other processes out. A lock is a symbolic link that leads nowhere: symlink(2) makes it as a whole, and fails
 * where there is one. It names its holder by pid and by the start of that process, because pids are used again. The
 * lock of a process that has ended does not hold.
 *
 * @param file in a directory where only the caller, or only root, can write
 * @returns how to release it; or the pid of its holder
 * @throws the system's error
 */
export function lock(file: string): (() => void) | number {
  for (;;) {
    try {
      symlinkSync(`${process.pid} ${startOf(process.pid) ?? ''}`, file);
      return () => {
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = livingHolder(file);
    if (holder !== null) return holder;
    // Only the holder of this second lock removes a stale one. So between the look and the removal there is no other
    // lock in its place.
    const release = lock(`${file}.stale`);
    if (typeof release === 'number') return release; // it is about to take the lock
    try {
      if (isStale(file)) rmSync(file, { force: true });
    } finally {
      release();
    }
  }
}

/** The pid of the process that holds a lock; null: there is none, or that process has ended. */
function livingHolder(file: string): number | null {
  const holder = linkOf(file);
  return holder !== null && isAlive(holder) ? Number(holder.split(' ')[0]) : null;
}

/** It is there, and no process holds it. A regular file in its place is no lock. */
function isStale(file: string): boolean {
  const holder = linkOf(file);
  return holder === null ? statOf(file)?.isSymbolicLink() === false : !isAlive(holder);
}

function isAlive(holder: string): boolean {
  const [pid = '', started = ''] = holder.split(' ');
  return started === '' ? isThere(Number(pid)) : startOf(Number(pid)) === started;
}

/** For systems without /proc (kill(2), signal 0). */
function isThere(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
