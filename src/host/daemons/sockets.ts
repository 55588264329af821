import { readFileSync } from 'node:fs';
import type { Pid } from '../../runtime/brands.ts';
import { linkOf } from '../../runtime/peek.ts';
import type { Processes } from '../processes/processes.ts';

/** A Unix socket bound to a path, or an accepted end of one. */
export interface NamedSocket {
  /** As bound; the file may be gone or replaced. */
  path: string;
  inode: string;
  listening: boolean;
}

/** A line of the kernel's list, which may be forged. */
export interface ClaimedSocket extends NamedSocket {
  /** Several lines have its inode, so at most one is genuine. */
  ambiguous: boolean;
}

/** __SO_ACCEPTCON (linux/net.h) */
const LISTENING = 0x10000;

/**
 * Sockets with an absolute path from /proc/net/unix (proc(5)). The kernel does not escape names (unix_seq_show in
 * net/unix/af_unix.c), so any user can forge lines with a line feed. A line proves nothing, and a repeated inode is
 * left out.
 */
export function namedSockets(tables: readonly string[]): NamedSocket[] {
  return claimedSockets(tables)
    .filter(({ ambiguous }) => !ambiguous)
    .map(({ path, inode, listening }) => ({ path, inode, listening }));
}

/** With repeated inodes, which need other proof. */
function claimedSockets(tables: readonly string[], elsewhere: ReadonlySet<string> = new Set()): ClaimedSocket[] {
  const counts = new Map<string, number>();
  const found = tables
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      // Num RefCount Protocol Flags Type St Inode Path. Only the path may hold blanks.
      const [, flags = '', inode, path = ''] =
        /^[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} +(\d+)(?: (.*))?$/s.exec(line) ?? [];
      if (inode === undefined) return [];
      counts.set(inode, (counts.get(inode) ?? 0) + 1);
      const named = path.startsWith('/') && !/[\u0000-\u001f\u007f]/.test(path);
      return named ? [{ path, inode, listening: (parseInt(flags, 16) & LISTENING) !== 0 }] : [];
    });
  return found.map((socket) => ({
    ...socket,
    ambiguous: (counts.get(socket.inode) ?? 0) > 1 || elsewhere.has(socket.inode),
  }));
}

/** With doubtful lines and sockets that do not listen. */
export function boundPaths(tables: readonly string[]): Set<string> {
  return new Set(claimedSockets(tables).map(({ path }) => path));
}

/** Inodes of sockets that listen on such a path, also by a doubtful line. */
export function listeningInodes(tables: readonly string[], counts: (path: string) => boolean): Set<string> {
  return new Set(
    claimedSockets(tables)
      .filter(({ path, listening }) => listening && counts(path))
      .map(({ inode }) => inode),
  );
}

/** Also shows daemons with a cut title or a deleted PM2_HOME (docs/pm2-internals.md section 4.4). */
export function daemonSockets(tables: readonly string[]): NamedSocket[] {
  return namedSockets(tables).filter(isDaemonSocket);
}

/** With doubtful ones. `elsewhere`: inodes of other socket families (otherInodes). */
export function claimedDaemonSockets(tables: readonly string[], elsewhere: ReadonlySet<string>): ClaimedSocket[] {
  const found = claimedSockets(tables, elsewhere).filter(isDaemonSocket);
  return [...new Map(found.map((socket) => [`${socket.inode} ${socket.path}`, socket])).values()];
}

function isDaemonSocket({ path, listening }: NamedSocket): boolean {
  return listening && path.endsWith('/rpc.sock');
}

/** Tables without user-chosen text, and their inode column. */
const OTHER_FAMILIES: [table: string, inode: RegExp][] = [
  ...['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6', 'icmp', 'icmp6'].map((table): [string, RegExp] => [
    table,
    /^ *\d+: \S+ \S+ \S+ \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm,
  ]),
  ...['packet', 'netlink'].map((table): [string, RegExp] => [table, / (\d+) *$/gm]),
];

/** Inodes of sockets that are not Unix sockets. */
export function otherInodes(processes: Processes): Set<string> {
  return new Set(
    OTHER_FAMILIES.flatMap(([table, inode]) =>
      networkTables(processes, table).flatMap((text) => [...text.matchAll(inode)].map(([, found = '']) => found)),
    ),
  );
}

/** A table of /proc/net, such as `unix`, of every network namespace with a process. */
export function networkTables({ byPid }: Processes, table: string): string[] {
  const own = linkOf('/proc/self/ns/net');
  const others = new Map(
    [...byPid.values()]
      .filter(({ network }) => network !== null && network !== own)
      .map(({ network, pid }) => [network, pid]),
  );
  return [networkTable('self', table), ...[...others.values()].map((pid) => networkTable(pid, table))];
}

/** Empty: no such table (no IPv6, no /proc), or the process has ended. */
export function networkTable(pid: Pid | 'self', table: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'utf8');
  } catch {
    return '';
  }
}
