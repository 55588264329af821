import { readFileSync } from 'node:fs';
import type { Processes } from './processes.ts';

/** A socket somewhere on this host that somebody listens on as rpc.sock. */
export interface ListeningSocket {
  /** As it was bound: absolute, but gone or replaced where its directory was. */
  path: string;
  inode: string;
}

/** __SO_ACCEPTCON: listening (linux/net.h). */
const LISTENING = 0x10000;

/**
 * Every listening `rpc.sock`, whoever's, from /proc/net/unix (proc(5)): readable by all, and the only list that a daemon
 * whose title was cut or whose home was deleted is still on (PM2.md 4.4). Each network namespace has a list of its own.
 *
 * @param tables the text of each list (networkTables)
 */
export function listeningSockets(tables: readonly string[]): ListeningSocket[] {
  const found = tables.flatMap((text) => text.split('\n')).flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path, of which only the path may hold blanks.
    const [, flags, inode, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (flags === undefined || inode === undefined || path === undefined) return [];
    return (parseInt(flags, 16) & LISTENING) !== 0 && path.endsWith('/rpc.sock') ? [{ path, inode }] : [];
  });
  return [...new Map(found.map((socket) => [socket.inode, socket])).values()];
}

/** A table of /proc/net, such as `unix` or `tcp`, of our network namespace and of every other one that a process is in; empty without /proc. */
export function networkTables({ byPid }: Processes, table: string): string[] {
  const own = byPid.get(process.pid)?.network;
  const others = new Map([...byPid.values()].filter(({ network }) => network !== null && network !== own).map(({ network, pid }) => [network, pid]));
  return [textOf(`/proc/net/${table}`), ...[...others.values()].map((pid) => textOf(`/proc/${pid}/net/${table}`))];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
