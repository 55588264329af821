import { resolve } from 'node:path';
import type { CommandLine, Options, Run } from './command-line.ts';
import type { Invocation, Scope, Target } from './invocation.ts';
import { isProcessFile } from './names.ts';

/** What a command line is about, as far as its words say it. */
export type LineReading = Partial<Pick<Invocation, 'scope' | 'targets' | 'starts' | 'only' | 'startup'>>;

/** Reads the words of one command. `env`, `cwd`: the caller's. */
export type Read = (line: CommandLine & Run, env: NodeJS.ProcessEnv, cwd: string) => LineReading;

/** The words a command accepts besides a name or a path. */
export interface Takes {
  all?: boolean;
  id?: (word: string) => boolean;
  regex?: boolean;
  file?: boolean;
  stdin?: boolean;
}

/** An id of restart, stop, delete and others. */
export const numeric = (word: string): boolean => !Number.isNaN(Number(word)); // isNaN: '' and ' ' are numbers too
/** An id of sendSignal and monitor: it begins with a number. */
export const leading = (word: string): boolean => !Number.isNaN(Number.parseInt(word, 10));

/** The target that a word is for a command that takes `takes`. `at`: its index in argv, or null. */
export function target(word: string, at: number | null, cwd: string, takes: Takes): Target {
  if (takes.stdin && word === '-') return { kind: 'stdin', word, at };
  if (takes.file && isProcessFile(word)) return { kind: 'file', word, path: resolve(cwd, word), at };
  if (takes.all && word === 'all') return { kind: 'all', word, at };
  if (takes.id?.(word)) return { kind: 'id', word, at };
  if (takes.regex && word.startsWith('/') && word.endsWith('/')) return { kind: 'regex', word, at };
  return { kind: 'name', word, path: resolve(cwd, word), at };
}

/** What stop, restart, reload and delete accept. */
export const operate: Takes = { all: true, id: numeric, regex: true, file: true };

/** The index in argv of argument number `argument`, or null. */
export function argvIndexOf({ places }: Run, argument: number): number | null {
  return places[argument] ?? null;
}

/** A command with one target, its word number `at`; without that word it is about the whole daemon. */
export function one(takes: Takes, at = 0, without: Scope = 'daemon'): Read {
  return (line, _env, cwd) => {
    const word = line.args[at];
    if (word === undefined) return { scope: without };
    return { scope: 'app', targets: [target(word, argvIndexOf(line, at), cwd, takes)] };
  };
}

/** _startJson splits --only at commas and blanks, actionFromJson compares it with one name (lib/API.js). */
export function only(options: Options, targets: readonly Target[], split: boolean): string[] {
  const value = options.only;
  if (typeof value !== 'string' || value === '' || !targets.some(({ kind }) => kind === 'file' || kind === 'stdin'))
    return [];
  return split ? value.split(/,| /) : [value];
}

/** stop, restart, reload and delete. restart uses actionFromJson for standard input, _startJson for a file. */
export function many(split: boolean, stdin: boolean): Read {
  return (line, _env, cwd) => {
    const takes = { ...operate, stdin: stdin || line.stdin };
    const targets = line.args.map((word, at) => target(word, argvIndexOf(line, at), cwd, takes));
    return {
      scope: 'app',
      targets,
      only: only(line.options, targets, split && targets.some(({ kind }) => kind === 'file')),
    };
  };
}

/** startOrRestart and its like take process files only. */
export const processFile: Read = (line, _env, cwd) => {
  const file = (word: string, at: number): Target => ({
    kind: 'file',
    word,
    path: resolve(cwd, word),
    at: argvIndexOf(line, at),
  });
  const targets = line.args.map(file);
  return { scope: 'app', targets, only: only(line.options, targets, true) };
};
