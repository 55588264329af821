import { join } from 'node:path';
import { lazyBuiltin } from '../runtime/late.ts';
import { taskWords } from './setpriv.ts';
import { SwitchError, type Identity } from './switch-user.ts';

export interface ChildQuestion {
  argument: unknown;
  /** Descriptor AT is the directory to work in. */
  held: boolean;
}

export type ChildAnswer = { type: 'done'; result: unknown } | { type: 'failed'; message: string; code: string | null };

export const AT = 3;

/** Milliseconds. A dead network file system must not block root forever. */
const PATIENCE = 60_000;
const MAX_ANSWER = 256 << 20;

/** Throws SwitchError if the child cannot start, else an error with the child's message and code. */
export function inChild(to: Identity, task: string, argument: unknown, at: number | null): unknown {
  const [program = '', ...words] = taskWords(to, join(__dirname, 'as-user.cjs'), task);
  const { status, stdout, stderr, error } = lazyBuiltin('node:child_process').spawnSync(program, words, {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    input: JSON.stringify({ argument, held: at !== null } satisfies ChildQuestion),
    stdio: ['pipe', 'pipe', 'pipe', at ?? 'ignore'],
    encoding: 'utf8',
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_ANSWER,
  });
  const answer = answerIn(stdout);
  if (answer === null) {
    const why = error?.message ?? complaintIn(stderr) ?? `it ended with status ${status ?? 'unknown'}`;
    throw new SwitchError(`nothing can be done as ${to.user} (uid ${to.uid}): ${why}`);
  }
  if (answer.type === 'done') return answer.result;
  throw Object.assign(new Error(answer.message), answer.code === null ? {} : { code: answer.code });
}

function answerIn(text: string | null): ChildAnswer | null {
  try {
    return JSON.parse(text ?? '') as ChildAnswer;
  } catch {
    return null;
  }
}

/** The message of an uncaught error from node's output, or setpriv's message. */
export function complaintIn(stderr: string | null): string | null {
  return /^(?:\w*Error(?: \[\w+\])?|setpriv): (.*)$/m.exec(stderr ?? '')?.[1] ?? null;
}
