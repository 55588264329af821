import { isAbsolute } from 'node:path';
import { parse } from 'shell-quote';

export type StandsFor =
  /** Also behind programs that only run their arguments. */
  | { type: 'pm2 of PATH' }
  | { type: 'path'; path: string }
  /** Only a run would tell, and that could reach another machine or a real pm2. */
  | { type: 'unclear' };

/** Run their arguments with the same user and PATH. Not npx, ssh, `docker exec` (elsewhere), sudo (other PATH). */
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

/** Parses only. `text`: of an alias, or output of `typeset -f` (bash, zsh, ksh) or `functions` (fish). */
export function standsFor(type: 'alias' | 'function', text: string, homeDirectory: string): StandsFor {
  const line = type === 'alias' ? text : bodyOf(text);
  const words = line === null ? null : wordsOf(line, homeDirectory);
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

function bodyOf(text: string): string | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const body = lines.filter((line) => !/^(function\b.*|pm2\s*\(\)\s*\{?|\{|\}|end)$/.test(line));
  return body.length === 1 ? (body[0] ?? '').replace(/;$/, '') : null;
}

function wordsOf(line: string, homeDirectory: string): string[] | null {
  const parts = parse(line, (name) => (name === 'HOME' ? homeDirectory : `$${name}`));
  return parts.every((part) => typeof part === 'string')
    ? parts.map((word) => word.replace(/^~(?=\/)/, homeDirectory))
    : null;
}
