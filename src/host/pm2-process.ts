import { resolve } from 'node:path';
import type { ProcessFacts } from './process-facts.ts';

/** node as distributions call it (Fedora: node-22), or bun; `(deleted)` where an upgrade has replaced it. */
const RUNTIME = /\/(node|nodejs|bun)[-.\d]*( \(deleted\))?$/;

/** What tells a daemon of PM2 from another process. */
type Shown = Pick<ProcessFacts, 'exe' | 'command' | 'cwd' | 'env'>;

/**
 * Whether the program of a process can be PM2's: PM2 runs in node alone. Null, where the caller may not know it, is a
 * no.
 */
export function runsNode(exe: string | null): boolean {
  return exe !== null && RUNTIME.test(exe);
}

/**
 * Whether a process shows itself to be the PM2 daemon of this home: by its program, and by its title or its
 * environment. Title and environment are the word of the process's own user: good for what is done to this very
 * process, and for nothing else.
 */
export function isDaemonOf({ exe, command, cwd, env }: Shown, pm2Home: string): boolean {
  if (!runsNode(exe)) return false;
  const same = (path: string) => resolve(cwd ?? '/', path) === pm2Home;
  // `PM2 v7.0.4: God Daemon (/home/x/.pm2)` (lib/Daemon.js); no title is longer than the first command line was.
  const [, titled, end] = /: God Daemon \((.*?)(\)?)$/s.exec(command) ?? [];
  if (titled !== undefined) return end === ')' ? same(titled) : titled !== '' && pm2Home.startsWith(titled);
  if (!/\/lib\/Daemon\.js\b/.test(command) || env === null) return false;
  const home = env['PM2_HOME'] ?? (env['HOME'] === undefined ? undefined : `${env['HOME']}/.pm2`);
  return home !== undefined && same(home);
}
