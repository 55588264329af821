import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { linkOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';

/**
 * Keeps others out. A lock is a symbolic link that leads nowhere: it is whole from its first moment, and there is one at a time
 * (symlink(2)). It says who holds it, by number and by when that process began, since numbers are given again: the lock of one
 * that has ended is nobody's.
 *
 * @param file in a directory where the caller's equals alone can write
 * @returns how to let go; or the pid of who holds it
 * @throws the system's error
 */
export function lock(file: string): (() => void) | number {
  for (;;) {
    try {
      symlinkSync(`${process.pid} ${startOf(process.pid) ?? ''}`, file);
      return () => { rmSync(file, { force: true }); };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = linkOf(file);
    if (holder !== null && isAlive(holder)) return Number(holder.split(' ')[0]);
    takeAway(file, holder);
  }
}

/** Where somebody else was faster, what we took is a living lock, and goes back. */
function takeAway(file: string, stale: string | null): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    const taken = linkOf(aside);
    if (taken !== null && taken !== stale) symlinkSync(taken, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
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
