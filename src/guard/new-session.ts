import { lazyBuiltin } from '../runtime/late.ts';
import { endAs } from './become.ts';

/** Passed on to the call, because the terminal signals only this process. */
const SENT_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/**
 * Repeats the call in a session without a controlling terminal (setsid(2)), so that it cannot type into root's
 * terminal (src/identity/terminal-input.ts). `stdin`: input that was read already; null: inherited.
 */
export function callInNewSession(stdin: Buffer | null): void {
  const child = lazyBuiltin('node:child_process').spawn(
    process.execPath,
    [...process.execArgv, ...process.argv.slice(1)],
    {
      detached: true,
      stdio: [stdin === null ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    },
  );
  child.stdin?.on('error', () => undefined); // EPIPE: the child ended first
  child.stdin?.end(stdin);
  const send = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // ESRCH: it has ended
    }
  };
  for (const signal of SENT_ON) process.on(signal, send);
  process.on('SIGTSTP', () => {
    send('SIGSTOP'); // SIGTSTP does not stop an orphaned process group (setpgid(2))
    process.kill(process.pid, 'SIGSTOP');
  });
  process.on('SIGCONT', send);
  child.on('error', (error) => {
    process.stderr.write(`pm2-guard: cannot start ${process.execPath}: ${error.message}\n`);
    process.exitCode = 126;
  });
  child.on('exit', (status, signal) => {
    for (const name of SENT_ON) process.off(name, send);
    endAs(status, signal);
  });
}
