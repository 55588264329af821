import { dropOwnVariables } from '../identity/environment.ts';
import { startBareProcess, type WhenEnded } from '../runtime/bare-process.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { replaceProcess } from './replace-process.ts';

interface Becoming {
  env?: NodeJS.ProcessEnv;
  /** False: this process stays and waits for the program. */
  inPlace?: boolean;
}

/** Runs a program, in this process if node can. `stdin`: input that was read already; null: inherited. */
export function runInstead(
  file: string,
  argv: readonly string[],
  stdin: Buffer | null,
  { env, inPlace = true }: Becoming = {},
): void {
  if (env === undefined) dropOwnVariables(process.env);
  if (stdin === null && inPlace) replaceProcess(file, argv, env ?? process.env);
  runChild({ file, argv, stdin, env }, endAs);
}

interface Child {
  file: string;
  argv: readonly string[];
  stdin: Buffer | null;
  /** Default: the current one, without our own variables. */
  env?: NodeJS.ProcessEnv | undefined;
}

/** The status of a program that could not be started, as in a shell. The reason was printed. */
export const CANNOT_START = 126;

/** Passes on signals sent to this process only. A terminal sends Ctrl-C and Ctrl-Z to the child too. */
export function runChild(child: Child, ended: WhenEnded): void {
  const ignored = () => undefined; // the child handles the signal
  const running = start(child, (status, signal) => {
    for (const name of both) process.off(name, ignored);
    for (const name of own) process.off(name, sent);
    ended(status, signal);
  });
  const sent = (signal: NodeJS.Signals) => {
    running.kill(signal);
  };
  const [both, own] = [
    ['SIGINT', 'SIGQUIT'],
    ['SIGTERM', 'SIGHUP', 'SIGUSR2'],
  ] as const;
  for (const signal of both) process.on(signal, ignored);
  for (const signal of own) process.on(signal, sent);
}

function start({ file, argv, stdin, env }: Child, ended: WhenEnded): { kill(signal: NodeJS.Signals): void } {
  if (env === undefined) dropOwnVariables(process.env);
  const bare =
    stdin === null ? startBareProcess({ file, words: argv, env: env ?? process.env, apart: false }, ended) : null;
  if (bare !== null) return bare;
  const child = lazyBuiltin('node:child_process').spawn(file, argv, {
    env: env ?? process.env,
    stdio: [stdin === null ? 'inherit' : 'pipe', 'inherit', 'inherit'],
  });
  child.stdin?.on('error', () => undefined); // EPIPE: the child ended first
  child.stdin?.end(stdin);
  child.on('error', (error) => {
    if (child.pid !== undefined) return; // a signal that could not be passed on: EPERM for a program of root's
    process.stderr.write(`pm2-guard: cannot start ${file}: ${error.message}\n`);
    ended(CANNOT_START, null);
  });
  child.on('exit', ended);
  return child;
}

export function endAs(status: number | null, signal: NodeJS.Signals | null): void {
  if (signal === null) process.exit(status ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
