import type { ChildProcess } from 'node:child_process';
import { dropOwnVariables } from '../identity/environment.ts';
import { late } from '../runtime/late.ts';
import { replaceProcess } from './replace-process.ts';

/**
 * Becomes another program, in this environment without our own variables: in this process where node can, else as a child
 * whose status and signals are passed on.
 *
 * @param stdin standard input that was read already; null: the program reads it itself
 */
export function become(file: string, argv: readonly string[], stdin: Buffer | null): void {
  dropOwnVariables(process.env);
  if (stdin === null) replaceProcess(file, argv, process.env);
  const child = late('node:child_process').spawn(file, argv, { stdio: [stdin === null ? 'inherit' : 'pipe', 'inherit', 'inherit'] });
  child.stdin?.end(stdin);
  passOn(child, file);
}

/**
 * Ends as `child` ends, with its status or by its signal, and passes on the signals that are sent to this process alone.
 * Ctrl-C and Ctrl-Z reach both of us from the terminal.
 */
function passOn(child: ChildProcess, file: string): void {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined); // the child's answer counts
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`pm2-guard: cannot start ${file}: ${error.message}\n`);
    process.exitCode = 126;
  });
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
