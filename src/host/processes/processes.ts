import { readdirSync } from 'node:fs';
import { asPid, asUid, type Pid, type Uid } from '../../runtime/brands.ts';
import { beginningOf, linkOf, listDirectory, readTextOrEmpty } from '../../runtime/peek.ts';
import { Shares } from '../budget.ts';

export interface HostProcess {
  pid: Pid;
  parent: Pid;
  /** Effective uid. The owner of /proc/pid can be root after a change of user (proc(5)). */
  uid: Uid;
  /** The user who started it, and set its environment. Differs for a set-user-ID program. */
  realUid: Uid;
  /** One pid per pid namespace, ours first. A daemon in a container uses the last one for its apps. */
  pids: number[];
  /** R running, S sleeping, T stopped, Z zombie (proc(5)). */
  state: string;
  /** Inode of its network namespace; null: hidden from the caller. */
  network: string | null;
}

export interface Processes {
  byPid: ReadonlyMap<Pid, HostProcess>;
  children: ReadonlyMap<Pid, readonly HostProcess[]>;
  /** Processes by the inode of an open socket. A user sees only the user's own. */
  holders: ReadonlyMap<string, readonly HostProcess[]>;
}

/** Reads /proc once. */
export function readProcesses(): Processes {
  const byPid = new Map<Pid, HostProcess>();
  const children = new Map<Pid, HostProcess[]>();
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

/** The process and its descendants. */
export function descendants({ byPid, children }: Processes, pid: Pid): HostProcess[] {
  const top = byPid.get(pid);
  const found = new Set(top ? [top] : []);
  // a Set may grow during iteration
  for (const { pid: parent } of found) for (const child of children.get(parent) ?? []) found.add(child);
  return [...found];
}

/** The process and its ancestors up to init. */
export function ancestors({ byPid }: Processes, pid: Pid): HostProcess[] {
  const found: HostProcess[] = [];
  for (let one = byPid.get(pid); one !== undefined && !found.includes(one); one = byPid.get(one.parent))
    found.push(one);
  return found;
}

/** By the PM2_HOME in the title, for callers without access. A container has its own paths, so it is left out. */
export function titledDaemons(byPid: Processes['byPid']): Map<string, HostProcess[]> {
  const found = new Map<string, HostProcess[]>();
  for (const process of byPid.values()) {
    const [, pm2Home] = /: God Daemon \((.*)\)$/s.exec(commandLineOf(process.pid)) ?? [];
    if (pm2Home !== undefined && process.pids.length === 1) add(found, pm2Home, process);
  }
  return found;
}

/** More than PATH_MAX and the rest of a title. */
const LONGEST_COMMAND = 65_536;

/** Arguments or title; empty: a kernel thread or an ended process. */
export function commandLineOf(pid: Pid): string {
  return beginningOf(`/proc/${pid}/cmdline`, LONGEST_COMMAND).replace(/\0+$/, '').replaceAll('\0', ' ').trimEnd();
}

function allPids(): Pid[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => asPid(Number(name)));
  } catch {
    return [];
  }
}

export function processOf(pid: Pid): HostProcess | null {
  const status = readTextOrEmpty(`/proc/${pid}/status`);
  const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
  const [, realUid, uid] = /^Uid:\s+(\d+)\s+(\d+)/m.exec(status) ?? [];
  if (parent === undefined || uid === undefined) return null;
  const state = /^State:\s+(\S)/m.exec(status)?.[1] ?? '?';
  const pids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [pid];
  return {
    pid,
    parent: asPid(Number(parent)),
    uid: asUid(Number(uid)),
    realUid: asUid(Number(realUid)),
    pids,
    state,
    network: linkOf(`/proc/${pid}/ns/net`),
  };
}

/** Per process. A daemon opens its sockets first. */
const MOST_DESCRIPTORS = 100_000;
const MOST_DESCRIPTORS_OF_A_USER = 400_000;

/** Empty: it has ended, or is hidden from the caller. `mayLook` is called before each descriptor. */
export function socketsOf(pid: Pid, mayLook: () => boolean = () => true): string[] {
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
