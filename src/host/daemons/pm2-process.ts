import type { Pm2Home } from '../../runtime/brands.ts';
import { resolve } from 'node:path';
import { realpathOrSelf } from '../../runtime/peek.ts';
import type { ProcessFacts } from '../processes/process-facts.ts';

/** node under the names of distributions (Fedora: node-22), or bun. `(deleted)` after an upgrade. */
const RUNTIME = /\/(node|nodejs|bun)[-.\d]*( \(deleted\))?$/;

type Shown = Pick<ProcessFacts, 'exe' | 'command' | 'cwd' | 'env'>;

/** PM2 runs only in node. False for null: hidden from the caller. */
export function runsNode(exe: string | null): boolean {
  return exe !== null && RUNTIME.test(exe);
}

/**
 * Whether a process claims to be the daemon of this PM2_HOME. Its user controls the title and the environment, so use
 * this only for actions on this very process.
 */
export function isDaemonOf({ exe, command, cwd, env }: Shown, pm2Home: Pm2Home): boolean {
  if (!runsNode(exe)) return false;
  const same = (path: string) => [path, realpathOrSelf(path)].includes(pm2Home);
  const named = (path: string) => same(resolve(cwd ?? '/', path));
  // `PM2 v7.0.4: God Daemon (/home/x/.pm2)` (lib/Daemon.js), cut to the length of the first command line.
  const [, titled, end] = /: God Daemon \((.*?)(\)?)$/s.exec(command) ?? [];
  if (titled !== undefined) return end === ')' ? named(titled) : titled !== '' && pm2Home.startsWith(titled);
  if (!/\/lib\/Daemon\.js\b/.test(command) || env === null) return false;
  const home = env['PM2_HOME'] ?? (env['HOME'] === undefined ? undefined : `${env['HOME']}/.pm2`);
  return home !== undefined && named(home);
}
