import { readFileSync } from 'node:fs';
import { linkOf } from '../runtime/peek.ts';
import type { Processes } from './processes.ts';

/** A Unix socket of this host that is bound to a path, or the end that was accepted on such a one. */
export interface NamedSocket {
  /** As it was bound: absolute, but gone or replaced where its directory was. */
  path: string;
  inode: string;
  listening: boolean;
}

/** A line of the kernel's list, which may be forged. */
export interface ClaimedSocket extends NamedSocket {
  /** Its inode stands in the lists more than once: one line at most is the kernel's. */
  ambiguous: boolean;
}

/** __SO_ACCEPTCON: listening (linux/net.h). */
const LISTENING = 0x10000;

/**
 * Every socket with an absolute path, of all users, from /proc/net/unix (proc(5)), which all may read. Each network
 * namespace has a list of its own.
 *
 * The kernel prints the name of a socket as it is (unix_seq_show in net/unix/af_unix.c), and a name may hold a line
 * feed: any user can write whole lines into this list. So a line proves nothing. An inode that stands there twice is
 * left out.
 *
 * @param tables the text of each list (networkTables)
 */
export function namedSockets(tables: readonly string[]): NamedSocket[] {
  return claimedSockets(tables)
    .filter(({ ambiguous }) => !ambiguous)
    .map(({ path, inode, listening }) => ({ path, inode, listening }));
}

/** As namedSockets, with those whose inode stands there twice: other facts have to tell which line is true. */
function claimedSockets(tables: readonly string[], elsewhere: ReadonlySet<string> = new Set()): ClaimedSocket[] {
  const counts = new Map<string, number>();
  const found = tables
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      // Num RefCount Protocol Flags Type St Inode Path, of which only the path may hold blanks.
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

/** Every path that a socket of these tables may be bound to, listening or not: also those of doubtful lines. */
export function boundPaths(tables: readonly string[]): Set<string> {
  return new Set(claimedSockets(tables).map(({ path }) => path));
}

/**
 * Every listening `rpc.sock`: the only list that a daemon whose title was cut or whose home was deleted is still on
 * (docs/pm2-internals.md section 4.4).
 */
export function daemonSockets(tables: readonly string[]): NamedSocket[] {
  return namedSockets(tables).filter(isDaemonSocket);
}

/** As daemonSockets, with the doubtful ones. @param elsewhere inodes of sockets of other families (otherInodes) */
export function claimedDaemonSockets(tables: readonly string[], elsewhere: ReadonlySet<string>): ClaimedSocket[] {
  const found = claimedSockets(tables, elsewhere).filter(isDaemonSocket);
  return [...new Map(found.map((socket) => [`${socket.inode} ${socket.path}`, socket])).values()];
}

function isDaemonSocket({ path, listening }: NamedSocket): boolean {
  return listening && path.endsWith('/rpc.sock');
}

/** Tables of other families, which hold no text that a user can choose, and the column of their inodes. */
const OTHER_FAMILIES: [table: string, inode: RegExp][] = [
  ...['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6', 'icmp', 'icmp6'].map((table): [string, RegExp] => [
    table,
    /^ *\d+: \S+ \S+ \S+ \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm,
  ]),
  ...['packet', 'netlink'].map((table): [string, RegExp] => [table, / (\d+) *$/gm]),
];

/** The inodes of sockets that are no Unix sockets. */
export function otherInodes(processes: Processes): Set<string> {
  return new Set(
    OTHER_FAMILIES.flatMap(([table, inode]) =>
      networkTables(processes, table).flatMap((text) => [...text.matchAll(inode)].map(([, found = '']) => found)),
    ),
  );
}

/**
 * A table of /proc/net, such as `unix` or `tcp`, of our network namespace and of every other one that a process is
 * in; empty without /proc.
 */
export function networkTables({ byPid }: Processes, table: string): string[] {
  const own = linkOf('/proc/self/ns/net');
  const others = new Map(
    [...byPid.values()]
      .filter(({ network }) => network !== null && network !== own)
      .map(({ network, pid }) => [network, pid]),
  );
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
