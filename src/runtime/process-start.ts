import { textOf } from './peek.ts';

/** The start of a process after boot, in ticks of 10 ms (proc(5), field 22 of stat); null: it has ended, or there is no /proc. */
export function startOf(pid: number): string | null {
  const fields = textOf(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []; // the name before it may hold blanks and brackets
  return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19] ?? null;
}
