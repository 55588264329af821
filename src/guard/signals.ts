import type { ChildProcess } from 'node:child_process';

/**
 * Ends as `child` ends, with its status or by its signal, and passes on the signals that are sent to this process alone. For
 * where a process cannot be replaced (node before 22.15 has no execve). Ctrl-C and Ctrl-Z reach both of us from the terminal.
 *
 * @param what for people, where it cannot be started
 */
export function passOn(child: ChildProcess, what: string): void {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined); // the child's answer counts
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`pm2-guard: cannot start ${what}: ${error.message}\n`);
    process.exitCode = 126;
  });
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
