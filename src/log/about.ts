import { parse } from 'shell-quote';
import { interpret } from '../pm2/interpret.ts';
import type { LogEntry } from './parse.ts';

/**
 * The apps that a recorded call names, as PM2 itself reads the command line: its targets, and what it would start. A
 * call about all apps names none. Where the command was cut, as far as it goes.
 */
export function appsInLine({ command, cwd }: Pick<LogEntry, 'command' | 'cwd'>): string[] {
  const [, ...argv] = wordsOf(command);
  const { targets, starts, only } = interpret(argv, { major: 7, env: {}, cwd: cwd ?? '/' });
  const names = [
    ...targets.filter(({ kind }) => kind === 'name' || kind === 'id').map(({ word }) => word),
    ...starts.map(({ name }) => name),
    ...only,
  ];
  return [...new Set(names.filter((name) => name !== null))];
}

/** The words of a command line that was quoted to be pasted. */
function wordsOf(command: string): string[] {
  // `$` has no meaning here: what a shell would put in its place was put there before pm2 was called.
  return parse(command, (name) => `$${name}`).map((part) =>
    typeof part === 'string' ? part : 'pattern' in part ? part.pattern : 'op' in part ? part.op : '',
  );
}
