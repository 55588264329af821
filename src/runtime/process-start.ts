import type { Pid } from './brands.ts';
import { readTextOrEmpty } from './peek.ts';

/** Ticks of 10 ms since boot (proc(5), field 22 of stat); null: ended, or no /proc. */
export function startOf(pid: Pid): string | null {
  // the name may hold blanks and brackets
  const fields = readTextOrEmpty(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
}
