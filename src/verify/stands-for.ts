import { isAbsolute } from 'node:path';
import { parse } from 'shell-quote';

/** What an alias or a function called pm2 runs in the end. */
export type StandsFor =
  /** `pm2` of PATH, behind programs that only run what follows them. */
  | { type: 'pm2 of PATH' }
  | { type: 'path'; path: string }
  /** Nobody can say without running it, which may reach another machine, or a real pm2. */
  | { type: 'unclear' };

/**
 * Programs and keywords that run the words behind them here, as this user, with this PATH. Not `npx` (fetches), `docker
 * exec` and `ssh` (elsewhere), `sudo` (another PATH: it has ways of its own).
 */
const PASSING_ON = new Set([
  'authbind',
  'builtin',
  'chrt',
  'command',
  'env',
  'exec',
  'ionice',
  'nice',
  'nocorrect',
  'noglob',
  'nohup',
  'setsid',
  'stdbuf',
  'taskset',
  'time',
  'timeout',
]);

/**
 * Reads the text of an alias or function; it is parsed, never run.
 *
 * @param text of an alias what it stands for, of a function what `typeset -f` (bash, zsh, ksh) or `functions` (fish)
 * prints
 * @param home for `~/` and `$HOME/`
 */
export function standsFor(type: 'alias' | 'function', text: string, home: string): StandsFor {
  const line = type === 'alias' ? text : bodyOf(text);
  const words = line === null ? null : wordsOf(line, home);
  const at = words?.findIndex((word) => word === 'pm2' || word.endsWith('/pm2')) ?? -1;
  const named = words?.[at];
  if (!words || named === undefined) return { type: 'unclear' };
  const before = words.slice(0, at);
  const [program] = before.filter((word) => !/^[A-Za-z_]\w*=/.test(word));
  const passes = program === undefined || PASSING_ON.has(program) || (/(^|\/)node$/.test(program) && named !== 'pm2');
  if (!passes || before.some((word) => /^(PATH|PM2_GUARD\w*)=/.test(word))) return { type: 'unclear' };
  if (named === 'pm2') return { type: 'pm2 of PATH' };
  return isAbsolute(named) ? { type: 'path', path: named } : { type: 'unclear' };
}

/** What stands between the braces, or between `function` and `end`, where that is one line. */
function bodyOf(text: string): string | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const body = lines.filter((line) => !/^(function\b.*|pm2\s*\(\)\s*\{?|\{|\}|end)$/.test(line));
  return body.length === 1 ? (body[0] ?? '').replace(/;$/, '') : null;
}

/** The words of a simple command; null: there is more to the text than words. */
function wordsOf(line: string, home: string): string[] | null {
  const parts = parse(line, (name) => (name === 'HOME' ? home : `$${name}`));
  return parts.every((part) => typeof part === 'string') ? parts.map((word) => word.replace(/^~(?=\/)/, home)) : null;
}
