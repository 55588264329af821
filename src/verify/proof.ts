import { RESERVED } from '../policy/names.ts';
import type { Ended } from './start.ts';

/** A call that the guard must block, with a name that no app has. Another pm2 gives another answer. */
export function throwawayCall(nonce: string): readonly string[] {
  return ['pm2', 'describe', `${RESERVED}${nonce}`];
}

/** Also checks the message with the nonce: shells use exit status 126 too, for "cannot execute". */
export function isBlock({ status, stderr }: Ended & { type: 'ended' }, stdout: string, nonce: string): boolean {
  const lines = stderr.split('\n');
  const at = lines.findIndex((line) => line.startsWith('pm2-guard: blocked (PG108): '));
  const reason = `  "${throwawayCall(nonce).join(' ')}" names ${RESERVED}${nonce}, `;
  return status === 126 && stdout.trim() === '' && at >= 0 && lines[at + 1]?.startsWith(reason) === true;
}
