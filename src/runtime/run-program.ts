import type { SpawnSyncOptionsWithStringEncoding } from 'node:child_process';
import { lazyBuiltin } from './late.ts';

export interface Ran {
  /** Null: ended by a signal, or not started. */
  status: number | null;
  stdout: string;
  stderr: string;
  /** Not started (EMFILE, EAGAIN, ENOENT...), or too slow. */
  error: Error | undefined;
}

/** Like spawnSync, whose texts are null, against its types, if the program was not started. */
export function runProgram(
  program: string,
  words: readonly string[],
  options: SpawnSyncOptionsWithStringEncoding,
): Ran {
  const { status, stdout, stderr, error } = lazyBuiltin('node:child_process').spawnSync(program, words, options);
  const text = (output: string | null) => output ?? '';
  return { status, stdout: text(stdout), stderr: text(stderr), error };
}
