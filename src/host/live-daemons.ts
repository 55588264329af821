import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { readProcesses, titledDaemons, type Processes } from './processes.ts';
import { listeningSockets, networkTables } from './sockets.ts';

/** A PM2 daemon that runs now. */
export interface LiveDaemon {
  socket: string;
  /** The directory of its socket. */
  home: string;
  pid: number | null;
  /** As whom it runs; null: the caller may not know. */
  uid: number | null;
  /** The account of that uid; null where there is none. */
  user: string | null;
  /** Its socket is still where it was bound. False: another daemon took its place, or its home was deleted (T33). */
  reachable: boolean;
}

/**
 * Every PM2 daemon of this host, from the kernel: pm2 itself would show the caller's own and spawn one where there is none.
 * Anything else that listens on a socket of that name is listed too; only asking it tells (src/pm2/rpc.ts).
 */
export function liveDaemons(processes: Processes = readProcesses()): LiveDaemon[] {
  const sockets = listeningSockets(networkTables(processes, 'unix'));
  let titled: ReturnType<typeof titledDaemons> | null = null; // asked only where somebody else's daemon hides its files
  return sockets.map(({ path, inode }) => {
    const home = dirname(path);
    // The inode in /proc/net/unix is the socket's, that of the file is another: a path that was bound twice is the later one's.
    const last = sockets.filter((other) => other.path === path).map((other) => Number(other.inode)).sort((a, b) => b - a)[0];
    const holder = processes.holders.get(inode)?.[0] ?? (titled ??= titledDaemons(processes)).get(home);
    return {
      socket: path, home,
      pid: holder?.pid ?? null, uid: holder?.uid ?? null,
      user: holder ? accountByUid(holder.uid)?.name ?? null : null,
      reachable: isSocket(path) && Number(inode) === last,
    };
  });
}

/** Where the caller may not look it is taken for one: asking it tells. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
