import { MAY } from '../call/hop.ts';
import { needsPassword } from '../guard/ask-sudo.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import type { SudoRun } from './command-line.ts';
import { wordsOf, type SudoLine } from './rewrite.ts';

/** `password`: sudo says nothing before one is typed. */
export type RightsAnswer = 'yes' | 'no' | 'password';

/**
 * Whether sudo would let the caller run this command, asked of sudo itself (`sudo -l command`, sudo(8)).
 *
 * @param sudo absolute path of the real one
 * @param user as for -u; null: sudo's default
 */
export function isListed(sudo: string, user: string | null, words: readonly string[]): Promise<RightsAnswer> {
  return ask(sudo, ['-n', '-l', ...(user === null ? [] : ['-u', user]), '--', ...words], false);
}

/**
 * Whether sudo would run a line that ends in our shim, with all its options and variables: learned by running it, but
 * that the shim ends at once. A listing does not tell all of it (SETENV on sudo-rs, listpw), and an option that this
 * sudo does not have is refused as well.
 *
 * @param ask a terminal may be asked for the password; otherwise nobody waits
 */
export function mayRun(sudo: string, line: SudoLine, shimAt: number, mayAsk = false): Promise<RightsAnswer> {
  const words = wordsOf({ ...line, words: [...line.words.slice(0, shimAt + 1), MAY] });
  return ask(sudo, [...(mayAsk ? [] : ['-n']), ...words], mayAsk);
}

function ask(sudo: string, words: readonly string[], terminal: boolean): Promise<RightsAnswer> {
  const child = lazyBuiltin('node:child_process').spawn(sudo, words, {
    stdio: [terminal ? 'inherit' : 'ignore', 'ignore', terminal ? 'inherit' : 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('error', () => {
      resolve('no');
    });
    child.on('close', (status) => {
      resolve(status === 0 ? 'yes' : needsPassword(complaint) ? 'password' : 'no');
    });
  });
}

/** A terminal on which sudo can ask for a password, as it would for the call as typed. */
export function canAsk(call: SudoRun): boolean {
  const { isatty } = lazyBuiltin('node:tty');
  return !call.options.some(({ letter }) => 'nSA'.includes(letter)) && (isatty(0) || isatty(2));
}
