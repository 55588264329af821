import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process of this host, as the kernel knows it. */
export interface Holder {
  pid: number;
  /** Effective, from /proc/pid/status: the owner of the directory itself is root for a process that changed its user (proc(5)). */
  uid: number;
}

/**
 * Who holds these sockets, by inode: found through /proc/pid/fd, which a user may look into for his own processes and root
 * for all. Processes that call themselves a PM2 daemon are looked into first.
 */
export function holdersOf(inodes: ReadonlySet<string>): Map<string, Holder> {
  const found = new Map<string, Holder>();
  const pids = allPids();
  const likely = new Set(pids.filter((pid) => /God Daemon|pm2\/lib\/Daemon\.js/.test(commandOf(pid))));
  for (const pid of [...likely, ...pids.filter((other) => !likely.has(other))]) {
    if (found.size === inodes.size) break;
    for (const inode of socketsOf(pid)) {
      const uid = inodes.has(inode) && !found.has(inode) ? uidOf(pid) : null;
      if (uid !== null) found.set(inode, { pid, uid });
    }
  }
  return found;
}

/** The process that calls itself the daemon of this home (lib/Daemon.js), for a caller who may not look into it. */
export function titledDaemon(home: string): Holder | null {
  const pid = allPids().find((candidate) => commandOf(candidate).endsWith(`: God Daemon (${home})`));
  const uid = pid === undefined ? null : uidOf(pid);
  return pid === undefined || uid === null ? null : { pid, uid };
}

function allPids(): number[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  return peek(`/proc/${pid}/cmdline`).replace(/\0+$/, '').replaceAll('\0', ' ').trimEnd();
}

function uidOf(pid: number): number | null {
  const [, effective] = /^Uid:\s+\d+\s+(\d+)/m.exec(peek(`/proc/${pid}/status`)) ?? [];
  return effective === undefined ? null : Number(effective);
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => inodeOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // not ours to look into, or it has ended
  }
}

function inodeOf(link: string): string[] {
  try {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(link)) ?? [];
    return inode === undefined ? [] : [inode];
  } catch {
    return []; // closed meanwhile
  }
}

function peek(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
