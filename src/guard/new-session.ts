import { lazyBuiltin } from '../runtime/late.ts';
import { endAs } from './become.ts';

/** Sent on to the call. The terminal sends its signals to this process alone. */
const SENT_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;

/**
 * Makes this very call again in a session of its own (setsid(2)), which has no controlling terminal, and ends as it
 * ends. The call keeps its descriptors: it reads, writes and draws on the terminal as before. But nothing that it runs
 * can put input into the terminal (src/identity/terminal-input.ts), or make it its own while root's session has it.
 *
 * @param stdin standard input that was read already; null: the call reads it itself
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
  child.stdin?.on('error', () => undefined); // EPIPE: it ended before it read all
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
    send('SIGSTOP'); // of SIGTSTP a group without a parent in its session is not stopped (setpgid(2))
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
