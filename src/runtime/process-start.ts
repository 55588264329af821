import { readTextOrEmpty } from './peek.ts';

/**
 * The start of a process after boot, in ticks of 10 ms (proc(5), field 22 of stat); null: it has ended, or there is
 * no /proc.
 */
export function startOf(pid: number): string | null {
  // the name before it may hold blanks and brackets
  const fields = readTextOrEmpty(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}
