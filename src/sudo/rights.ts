import { late } from '../runtime/late.ts';
import type { SudoRun } from './command-line.ts';

/** `password`: sudo says nothing before one is typed. */
export type Answer = 'yes' | 'no' | 'password';

/**
 * Whether sudo would let the caller run this command, asked of sudo itself (`sudo -l command`, sudo(8)).
 *
 * @param sudo absolute path of the real one
 * @param user as for -u; null: sudo's default
 * @param ask a terminal may be asked for the password; otherwise nobody waits
 */
export function mayRun(sudo: string, user: string | null, words: readonly string[], ask = false): Promise<Answer> {
  const child = late('node:child_process').spawn(sudo, [...(ask ? [] : ['-n']), '-l', ...(user === null ? [] : ['-u', user]), '--', ...words], {
    stdio: [ask ? 'inherit' : 'ignore', 'ignore', ask ? 'inherit' : 'pipe'], env: { ...process.env, LC_ALL: 'C' },
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => { complaint += chunk.toString(); });
  return new Promise((resolve) => {
    child.on('error', () => { resolve('no'); });
    child.on('close', (status) => { resolve(status === 0 ? 'yes' : /(password|terminal) is required/.test(complaint) ? 'password' : 'no'); });
  });
}

/** A terminal on which sudo can ask for a password, as it would for the call as typed. */
export function canAsk(call: SudoRun): boolean {
  const { isatty } = late('node:tty');
  return !call.options.some(({ letter }) => 'nSA'.includes(letter)) && (isatty(0) || isatty(2));
}
