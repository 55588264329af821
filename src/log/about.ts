import { parse } from 'shell-quote';
import { interpret } from '../pm2/interpret.ts';
import type { LogEntry } from './parse.ts';

/** The apps that a logged call names; empty for a call about all apps. */
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

function wordsOf(command: string): string[] {
  // A shell has already expanded each `$`.
  return parse(command, (name) => `$${name}`).map((part) =>
    typeof part === 'string' ? part : 'pattern' in part ? part.pattern : 'op' in part ? part.op : '',
  );
}
