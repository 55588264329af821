import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The start of a process after boot, in ticks (proc(5), field 22 of stat); null: there is no such process. */
export function startOf(pid: number): string | null {
  try {
    // The name before it may hold blanks and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19] ?? null;
  } catch {
    return null;
  }
}

/**
 * Keeps two adoptions from running at once. A lock whose holder has ended is nobody's: the holder is known by its number and
 * by when it began, since numbers are given again.
 *
 * @returns how to let go; or the pid of who holds it
 */
export function lock(directory: string): (() => void) | number {
  const file = join(directory, 'lock');
  const own = `${file}.${process.pid}`;
  writeFileSync(own, `${process.pid} ${startOf(process.pid) ?? ''}\n`, { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(own, file); // whole from its first moment, and only where there is none
        return () => { rmSync(file, { force: true }); };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = read(file);
      if (holder !== null && isAlive(holder)) return Number(holder.split(' ')[0]);
      takeAway(file, holder);
    }
  } finally {
    unlinkSync(own);
  }
}

/** Where somebody else was faster, what we took is a living lock, and goes back. */
function takeAway(file: string, stale: string | null): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
    if (read(aside) !== stale) linkSync(aside, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(holder: string): boolean {
  const [pid = '', started = ''] = holder.trim().split(' ');
  const now = startOf(Number(pid));
  return now !== null && (started === '' || now === started);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
