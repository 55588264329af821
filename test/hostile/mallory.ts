import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../harness/host.ts';
import type { Running } from '../harness/running.ts';

export const GUARD = 'node /usr/src/pm2-guard/dist/pm2-guard.cjs';

/** Puts the program of daemons.py where every user of a host can run it. */
export async function bringLiar(host: Host): Promise<void> {
  await host.write('/srv/daemons.py', readFileSync(join(import.meta.dirname, 'daemons.py')), { mode: '755' });
}

/** Starts it, and waits until it is ready. It runs until it is killed or its host ends. */
export async function lie(host: Host, user: string, ...words: string[]): Promise<Running> {
  const liar = host.start(['python3', '/srv/daemons.py', ...words], { user, timeoutMs: 600_000 });
  await liar.seen(/ready/);
  return liar;
}

export async function end(liar: Running): Promise<void> {
  try {
    liar.kill('SIGKILL');
  } catch {
    // it has ended by itself
  }
  await liar.result().catch(() => undefined);
}

/** The inodes of the sockets that a process of a host holds open. */
export async function socketsOf(host: Host, pid: number): Promise<string[]> {
  const links = await host.must(`find /proc/${pid}/fd -lname 'socket:*' -printf '%l\\n'`);
  return [...links.matchAll(/socket:\[(\d+)\]/g)].map(([, inode = '']) => inode);
}
