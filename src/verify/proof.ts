import { RESERVED } from '../policy/reserved.ts';
import type { Ended } from './start.ts';

/** The call that is made to be blocked: its name is nobody's, and a pm2 that lets it through answers something else. */
export function throwawayCall(nonce: string): readonly string[] {
  return ['pm2', 'describe', `${RESERVED}${nonce}`];
}

/**
 * Whether this very call was blocked by the guard: our status, nothing on standard output, and on standard error the
 * block with the name that was made up for this call. Less is no proof: 126 is every shell's "cannot execute".
 *
 * @param stdout what came after the call was made
 */
export function isBlock({ status, stderr }: Ended & { type: 'ended' }, stdout: string, nonce: string): boolean {
  const lines = stderr.split('\n');
  const at = lines.findIndex((line) => line.startsWith('pm2-guard: blocked (PG108): '));
  const reason = `  "${throwawayCall(nonce).join(' ')}" names ${RESERVED}${nonce}, `;
  return status === 126 && stdout.trim() === '' && at >= 0 && lines[at + 1]?.startsWith(reason) === true;
}
