import type { Pid } from '../../runtime/brands.ts';
import type { Processes } from '../processes/processes.ts';
import { networkTable, networkTables } from './sockets.ts';

export interface Listener {
  port: number;
  inode: string;
}

/** TCP_LISTEN (linux/tcp_states.h) */
const LISTEN = '0A';

/** In every network namespace (proc(5): /proc/net/tcp, tcp6). */
export function listeningPorts(processes: Processes): Listener[] {
  const tables = ['tcp', 'tcp6'].flatMap((table) => networkTables(processes, table));
  const found = tables
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, port, inode] =
        new RegExp(`^ *\\d+: [0-9A-F]+:([0-9A-F]{4}) \\S+ ${LISTEN} \\S+ \\S+ \\S+ +\\d+ +\\d+ (\\d+)`).exec(line) ??
        [];
      return port === undefined || inode === undefined ? [] : [{ port: parseInt(port, 16), inode }];
    });
  return [...new Map(found.map((listener) => [listener.inode, listener])).values()];
}

/** Only our own network namespace, without the processes. */
export function portsInUseHere(): Set<number> {
  const lines = ['tcp', 'tcp6'].flatMap((table) => networkTable('self', table).split('\n'));
  return new Set(
    lines
      .flatMap((line) => /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A /.exec(line)?.[1] ?? [])
      .map((port) => parseInt(port, 16)),
  );
}

/** A socket may be inherited, so several processes can have one port. */
export function portsByPid(
  processes: Processes,
  listeners: readonly Listener[] = listeningPorts(processes),
): Map<Pid, number[]> {
  const ports = new Map<Pid, number[]>();
  for (const { port, inode } of listeners) {
    for (const { pid } of processes.holders.get(inode) ?? [])
      ports.set(
        pid,
        [...new Set([...(ports.get(pid) ?? []), port])].sort((a, b) => a - b),
      );
  }
  return ports;
}
