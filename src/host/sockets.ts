import { readFileSync } from 'node:fs';
import type { Processes } from './processes.ts';

/** A Unix socket of this host that is bound to a path, or the end that was accepted on such a one. */
export interface NamedSocket {
  /** As it was bound: absolute, but gone or replaced where its directory was. */
  path: string;
  inode: string;
  listening: boolean;
}

/** __SO_ACCEPTCON: listening (linux/net.h). */
const LISTENING = 0x10000;

/**
 * Every socket with an absolute path, whoever's, from /proc/net/unix (proc(5)), which all may read. Each network namespace has
 * a list of its own.
 *
 * @param tables the text of each list (networkTables)
 */
export function namedSockets(tables: readonly string[]): NamedSocket[] {
  return tables.flatMap((text) => text.split('\n')).flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path, of which only the path may hold blanks.
    const [, flags = '', inode = '', path] = /^\S+: \S+ \S+ (\S+) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    return path === undefined ? [] : [{ path, inode, listening: (parseInt(flags, 16) & LISTENING) !== 0 }];
  });
}

/** Every path that a socket of these tables is bound to, listening or not. */
export function boundPaths(tables: readonly string[]): Set<string> {
  return new Set(namedSockets(tables).map(({ path }) => path));
}

/** Every listening `rpc.sock`: the only list that a daemon whose title was cut or whose home was deleted is still on (PM2.md 4.4). */
export function daemonSockets(tables: readonly string[]): NamedSocket[] {
  const found = namedSockets(tables).filter(({ path, listening }) => listening && path.endsWith('/rpc.sock'));
  return [...new Map(found.map((socket) => [socket.inode, socket])).values()];
}

/** A table of /proc/net, such as `unix` or `tcp`, of our network namespace and of every other one that a process is in; empty without /proc. */
export function networkTables({ byPid }: Processes, table: string): string[] {
  const own = byPid.get(process.pid)?.network;
  const others = new Map([...byPid.values()].filter(({ network }) => network !== null && network !== own).map(({ network, pid }) => [network, pid]));
  return [networkTable('self', table), ...[...others.values()].map((pid) => networkTable(pid, table))];
}

/** Such a table of the network namespace of one process; empty: there is none (no IPv6, no /proc), or it has ended. */
export function networkTable(pid: number | 'self', table: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8');
  } catch {
    return '';
  }
}
