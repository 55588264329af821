import { readdirSync } from 'node:fs';
import { beginningOf, linkOf, listDirectory, readTextOrEmpty } from '../runtime/peek.ts';
import { Shares } from './budget.ts';

/** A process of this host, as the kernel knows it. */
export interface HostProcess {
  pid: number;
  parent: number;
  /**
   * Effective, from /proc/pid/status: the owner of the directory itself is root for a process that changed its user
   * (proc(5)).
   */
  uid: number;
  /** Of the user who started it, which differs for a set-user-ID program: its environment is that user's word. */
  realUid: number;
  /** Its number in each pid namespace it is in, ours first: a daemon in a container calls its apps by the last one. */
  pids: number[];
  /** By proc(5): R running, S sleeping, T stopped, Z a zombie... */
  state: string;
  /** Inode of its network namespace; null: not the caller's to know. */
  network: string | null;
}

/** All processes, read in one pass. What ended while we looked is not in it. */
export interface Processes {
  byPid: ReadonlyMap<number, HostProcess>;
  /** Direct children by pid. */
  children: ReadonlyMap<number, readonly HostProcess[]>;
  /**
   * By the inode of a socket, who holds it open: of those that the caller may look into (a user: his own; root: all).
   */
  holders: ReadonlyMap<string, readonly HostProcess[]>;
}

/** Reads /proc once. Costs grow with the number of processes and of their open files, and with nothing else. */
export function readProcesses(): Processes {
  const byPid = new Map<number, HostProcess>();
  const children = new Map<number, HostProcess[]>();
  const holders = new Map<string, HostProcess[]>();
  const shares = new Shares(MOST_DESCRIPTORS_OF_A_USER);
  for (const pid of allPids()) {
    const process = processOf(pid);
    if (process === null) continue;
    byPid.set(pid, process);
    add(children, process.parent, process);
    for (const inode of socketsOf(pid, () => shares.take(process.uid))) add(holders, inode, process);
  }
  return { byPid, children, holders };
}

/** Everything below a process, itself first. */
export function descendants({ byPid, children }: Processes, pid: number): HostProcess[] {
  const top = byPid.get(pid);
  const found = new Set(top ? [top] : []);
  // a set may grow while it is walked
  for (const { pid: parent } of found) for (const child of children.get(parent) ?? []) found.add(child);
  return [...found];
}

/** A process and everything above it, itself first, up to init. */
export function ancestors({ byPid }: Processes, pid: number): HostProcess[] {
  const found: HostProcess[] = [];
  for (let one = byPid.get(pid); one !== undefined && !found.includes(one); one = byPid.get(one.parent))
    found.push(one);
  return found;
}

/**
 * The processes that call themselves the daemon of a home (lib/Daemon.js), by home: for a caller who may not look into
 * them. Without those of a pid namespace below ours: a container has its own paths.
 */
export function titledDaemons(byPid: Processes['byPid']): Map<string, HostProcess[]> {
  const found = new Map<string, HostProcess[]>();
  for (const process of byPid.values()) {
    const [, home] = /: God Daemon \((.*)\)$/s.exec(commandLineOf(process.pid)) ?? [];
    if (home !== undefined && process.pids.length === 1) add(found, home, process);
  }
  return found;
}

/** Longer than the title of any daemon: PATH_MAX and its words. */
const LONGEST_COMMAND = 65_536;

/** Its arguments, or the title that it gave itself; empty for a kernel thread, and for one that has ended. */
export function commandLineOf(pid: number): string {
  return beginningOf(`/proc/${pid}/cmdline`, LONGEST_COMMAND).replace(/\0+$/, '').replaceAll('\0', ' ').trimEnd();
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** One process as it is now; null: there is none. */
export function processOf(pid: number): HostProcess | null {
  const status = readTextOrEmpty(`/proc/${pid}/status`);
  const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
  const [, realUid, uid] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
  if (parent === undefined || uid === undefined) return null;
  const state = /^State:\s+(\S)/m.exec(status)?.[1] ?? '?';
  const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [pid];
  return {
    pid,
    parent: Number(parent),
    uid: Number(uid),
    realUid: Number(realUid),
    pids,
    state,
    network: linkOf(`/proc/${pid}/ns/net`),
  };
}

/** Of one process; a daemon opens its own sockets first. */
const MOST_DESCRIPTORS = 100_000;
/** Of all processes of a user, who may have thousands of processes with as many descriptors each. */
const MOST_DESCRIPTORS_OF_A_USER = 400_000;

/**
 * The inodes of the sockets that a process holds open; empty: it has ended, or is not the caller's to look into.
 *
 * @param mayLook asked before each descriptor
 */
export function socketsOf(pid: number, mayLook: () => boolean = () => true): string[] {
  const found: string[] = [];
  for (const fd of listDirectory(`/proc/${pid}/fd`, MOST_DESCRIPTORS)) {
    if (!mayLook()) break;
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`) ?? '')?.[1];
    if (inode !== undefined) found.push(inode);
  }
  return found;
}

function add<Key>(lists: Map<Key, HostProcess[]>, key: Key, process: HostProcess): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [process]);
  else if (list.at(-1) !== process) list.push(process);
}
