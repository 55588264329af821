import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { accountByUid } from '../identity/accounts.ts';
import { callersHomeDirectories } from '../identity/callers-homes.ts';
import { crossing, ownersEnvironment, SYSTEM_PATH } from '../identity/environment.ts';
import { bundleWords } from '../identity/setpriv.ts';
import { SwitchError } from '../identity/switch-user.ts';
import { typedVariables } from '../identity/typed-variables.ts';
import { asPosix, type Gid, type Uid } from '../runtime/brands.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';
import { parseCommandLine } from './command-line.ts';
import { declaredApps, kindOfFile, type FileKind, type FileQuestion } from './declared-apps.ts';
import { appsIn } from './process.ts';
import type { App, Invocation, Major } from './invocation.ts';
import { environmentName } from './names.ts';

/** The account that would run the file. */
export interface Evaluator {
  user: string;
  uid: Uid;
  gid: Gid;
  homeDirectory: string;
}

export interface ProcessFile {
  /** The word that names it and its absolute path; or the text from standard input. */
  source: { word: string; path: string } | { text: string };
  invocation: Pick<Invocation, 'argv' | 'command' | 'only'>;
  major: Major;
  /** The account that runs this code anyway; null: no account is known, so code is not evaluated. */
  evaluator: Evaluator | null;
  cwd: string;
  /**
   * The environment that the file will see. For another user: that of the user's own call, without our and sudo's
   * variables.
   */
  env: NodeJS.ProcessEnv;
  /** For reading and evaluating, in milliseconds. */
  timeoutMs: number;
  node?: string;
  /** The child's program, dist/read-process-file.cjs. */
  bundle?: string;
}

/** The child gets it as JSON on standard input. */
export interface ProcessFileRequest {
  nonce: string;
  /** The user to become first; null: stay. */
  user: Evaluator | null;
  env: NodeJS.ProcessEnv;
  argv: string[];
  source: { path: string; kind: FileKind } | { text: string };
  question: FileQuestion;
}

const MAX_BYTES = 16 << 20;
const MAX_ANSWER = 8 << 20;

/**
 * The apps that a process file declares to this call. Strict JSON is read as data. Anything else is code and is
 * evaluated in a child process, as a user who runs that code anyway (docs/contract.md section 3.3). Never waits
 * longer than `timeoutMs`, never runs pm2.
 * @returns null if it is unreadable, broken, too slow, or must not be evaluated: PM2 reports that itself
 */
export async function appsOfProcessFile(file: ProcessFile): Promise<App[] | null> {
  const { source, evaluator } = file;
  const euid = process.geteuid?.();
  const kind = 'text' in source ? 'json' : kindOfFile(source.word);
  if (kind === null) return null;
  const question = questionOf(file);
  const user = evaluator === null || evaluator.uid === euid ? null : evaluator;
  const foreign = 'path' in source && euid === 0 && findUntrusted(source.path, 'file') !== null;
  // Without an account, root reads only files that only root could write: a symlink in a user's directory may lead
  // anywhere.
  if (kind === 'json' && user === null && !(evaluator === null && foreign)) {
    const config = strictJson('text' in source ? source.text : ownText(source.path));
    if (config !== undefined) return declaredApps(config, question);
  }
  if (evaluator === null || (user !== null && euid !== 0)) return null;
  // As root, never evaluate a pipe, whose text may be any user's, or a file that others could have written.
  if (euid === 0 && user === null && ('text' in source || foreign)) return null;
  return askChild(file, {
    nonce: `${lazyBuiltin('node:crypto').randomBytes(16).toString('hex')} `,
    user,
    env: user ? environmentFor(user, file.env) : {},
    argv: ['pm2', ...file.invocation.argv],
    source: 'text' in source ? source : { path: source.path, kind },
    question,
  });
}

function questionOf({ source, invocation, major, cwd, env }: ProcessFile): FileQuestion {
  const { options } = parseCommandLine(invocation.argv, major);
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  const acts =
    invocation.command === 'stop' ||
    invocation.command === 'delete' ||
    (invocation.command === 'restart' && 'text' in source);
  return {
    form: acts ? 'act' : 'start',
    only: invocation.only,
    env: text(options.env),
    namespace: text(options.namespace),
    cwd: text(options.cwd),
    from: cwd,
    rename: { name: text(environmentName(env, 'name')), namespace: text(environmentName(env, 'namespace')) },
  };
}

/** undefined: it is no JSON, or JSON and JavaScript would disagree on it (`__proto__`). */
function strictJson(text: string | null): unknown {
  if (text === null || text.includes('__proto__')) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function ownText(path: string): string | null {
  try {
    return readRegularFile(realpathSync.native(path), MAX_BYTES).toString('utf8');
  } catch {
    return null;
  }
}

/** The environment of the user's own call, because a process file can read it. */
function environmentFor(user: Evaluator, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const homeDirectories = callersHomeDirectories(
    env,
    accountByUid(asPosix(process).geteuid())?.homeDirectory ?? null,
    user.homeDirectory,
  );
  const { variables } = crossing(env, { homeDirectories, typed: typedVariables(env), handsOver: true });
  return ownersEnvironment(variables, { ...user, shell: accountByUid(user.uid)?.shell ?? '/bin/sh' }, SYSTEM_PATH);
}

function askChild({ node, bundle, env, timeoutMs }: ProcessFile, request: ProcessFileRequest): Promise<App[] | null> {
  const words = wordsFor(request.user, bundle ?? join(__dirname, 'read-process-file.cjs'), node);
  if (words === null) return Promise.resolve(null);
  return new Promise((settle) => {
    const [program = '', ...rest] = words;
    const child = lazyBuiltin('node:child_process').spawn(program, rest, {
      cwd: '/',
      // The child is root until it becomes the user, so no variable that steers node is passed.
      env: request.user ? { PATH: '/usr/bin:/bin' } : env,
      detached: true, // its own process group, to be killed with all its children
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    });
    if (child.pid === undefined) {
      // EMFILE, EAGAIN: node has made no streams
      child.on('error', () => {
        settle(null);
      });
      return;
    }
    const interrupted = (signal: NodeJS.Signals) => {
      end(null);
      process.kill(process.pid, signal); // the listener is removed, so the signal has its default effect
    };
    let ended = false; // once: after a reuse of the pid a second kill could hit another process
    const end = (apps: App[] | null) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      for (const signal of SIGNALS) process.removeListener(signal, interrupted);
      answers.removeAllListeners();
      answers.destroy();
      child.stdin?.destroy();
      child.unref();
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // ESRCH: all of it has ended.
      }
      settle(apps);
    };
    const timer = setTimeout(() => {
      end(null);
    }, timeoutMs);
    for (const signal of SIGNALS) process.on(signal, interrupted);
    const answers = child.stdio[3] as Readable;
    const chunks: Buffer[] = [];
    let size = 0;
    answers.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER) end(null);
      else if (chunk.at(-1) === 0x0a) {
        const apps = answerIn(Buffer.concat(chunks).toString('utf8'), request.nonce);
        if (apps !== undefined) end(apps);
      }
    });
    answers.on('close', () => {
      end(null);
    });
    answers.on('error', () => {
      end(null);
    });
    child.on('error', () => {
      end(null);
    });
    child.stdin?.on('error', () => undefined); // it ended without reading; the `close` event reports it
    child.stdin?.end(JSON.stringify(request));
  });
}

/** null: this process cannot become the user. */
function wordsFor(user: Evaluator | null, bundle: string, node: string | undefined): string[] | null {
  if (node !== undefined) return [node, bundle];
  try {
    return bundleWords(user, bundle);
  } catch (error) {
    if (error instanceof SwitchError) return null;
    throw error;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** undefined: no answer yet. The nonce detects output of the file itself on descriptor 3. */
function answerIn(text: string, nonce: string): App[] | null | undefined {
  const start = text.lastIndexOf(nonce);
  if (start < 0) return undefined;
  try {
    return appsIn(JSON.parse(text.slice(start + nonce.length)));
  } catch {
    return undefined;
  }
}
