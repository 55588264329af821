import { MAY } from '../call/hop.ts';
import { needsPassword } from '../guard/ask-sudo.ts';
import { isTerminal } from '../runtime/is-terminal.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import type { SudoRun } from './command-line.ts';
import { sudoWords, type SudoLine } from './rewrite.ts';

/** `password`: sudo needs a password before it answers. */
export type RightsAnswer = 'yes' | 'no' | 'password';

/** Asks sudo whether the caller may run the command (`sudo -l command`, sudo(8)). `sudo`: path of the real one. */
export function isListed(sudo: string, user: string | null, words: readonly string[]): Promise<RightsAnswer> {
  return ask(sudo, ['-n', '-l', ...(user === null ? [] : ['-u', user]), '--', ...words], false);
}

/**
 * Asks by running the line with a shim that exits at once. A listing does not show everything (SETENV on sudo-rs,
 * listpw) nor whether this sudo knows the options.
 *
 * @param mayAsk whether sudo may prompt for the password
 */
export function mayRun(sudo: string, line: SudoLine, shimAt: number, mayAsk = false): Promise<RightsAnswer> {
  const words = sudoWords({ ...line, words: [...line.words.slice(0, shimAt + 1), MAY] });
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

/** Whether sudo can prompt for a password, as in the call as typed. */
export function canAsk(call: SudoRun): boolean {
  return !call.options.some(({ letter }) => 'nSA'.includes(letter)) && (isTerminal(0) || isTerminal(2));
}
