import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid } from '../../identity/accounts.ts';
import { asPm2Home, type Pid, type Pm2Home, type Uid } from '../../runtime/brands.ts';
import { fileId, statOf } from '../../runtime/peek.ts';
import { startOf } from '../../runtime/process-start.ts';
import { isElsewhere, seenBy } from './elsewhere.ts';
import { isDaemonOf, runsNode } from './pm2-process.ts';
import { exeOf, processFacts } from '../processes/process-facts.ts';
import { readProcesses, titledDaemons, type HostProcess, type Processes } from '../processes/processes.ts';
import { claimedDaemonSockets, networkTables, otherInodes, type ClaimedSocket } from './sockets.ts';
import { whoAnswers } from './who-answers.ts';

export interface LiveDaemon {
  /** As bound. */
  socket: string;
  pm2Home: Pm2Home;
  /** Its path is another file for us: a container or chroot. */
  elsewhere: boolean;
  /** Our path to its socket. */
  door: string;
  pid: Pid | null;
  /** Null: hidden from the caller. */
  uid: Uid | null;
  user: string | null;
  /** False: another daemon bound its path, or the PM2_HOME was deleted (T33). */
  reachable: boolean;
}

interface Claim extends ClaimedSocket {
  /** Null: hidden from the caller. */
  holder: HostProcess | null;
  door: string;
}

/**
 * Every PM2 daemon by the kernel's list, because pm2 shows only the caller's daemon and spawns a missing one.
 *
 * Users can forge lines of that list (sockets.ts). So a process counts only if it owns the socket file or claims to be
 * the daemon of this PM2_HOME. If two lines have one inode, a line counts only if its process answers at the path, or
 * makes that claim.
 *
 * Connects only to choose between several sockets of one path, or where a line is doubtful.
 */
export async function liveDaemons(processes: Processes = readProcesses()): Promise<LiveDaemon[]> {
  const rivals = new Map<string, [Claim, ...Claim[]]>();
  const sockets = claimedDaemonSockets(networkTables(processes, 'unix'), otherInodes(processes));
  for (const claim of claimsOn(sockets, processes).filter(isCredible)) {
    // In a container that shares our network, the same path is another file.
    const place = `${fileId(dirname(claim.door)) ?? ''} ${claim.path}`;
    rivals.set(place, [claim, ...(rivals.get(place) ?? [])]);
  }
  const found = await Promise.all(
    [...rivals.values()].map(async (claims) => {
      const answering =
        claims.length > 1 || claims.some(({ ambiguous }) => ambiguous) ? await answeringOf(claims) : null;
      const credible = claims.filter((claim) => !claim.ambiguous || isProven(claim, answering));
      const heir = heirOf(credible, answering);
      return credible.map((claim) => liveDaemon(claim, claim === heir));
    }),
  );
  return found.flat();
}

/** Whether the kernel or the process confirms a line. */
function isCredible({ path, door, holder }: Claim): boolean {
  if (holder === null) return process.geteuid?.() !== 0; // root sees all holders, so this one is forged
  const owner = socketOwner(door);
  if (owner === holder.uid) return true;
  return owner === null ? runsNode(exeOf(holder.pid)) : isDaemonOf(processFacts(holder), pm2HomeOfSocket(path));
}

/** Whether it answers at the path or is the daemon of this PM2_HOME. */
function isProven({ path, holder }: Claim, answering: Pid | null): boolean {
  return holder !== null && (holder.pid === answering || isDaemonOf(processFacts(holder), pm2HomeOfSocket(path)));
}

/** Null: missing, or hidden from the caller. */
export function socketOwner(path: string): Uid | null {
  const stat = statOf(path);
  return stat?.isSocket() === true ? stat.uid : null;
}

function liveDaemon({ path, holder, door }: Claim, isHeir: boolean): LiveDaemon {
  const pm2Home = pm2HomeOfSocket(path);
  const elsewhere = holder !== null && isElsewhere(holder, pm2Home);
  return {
    socket: path,
    pm2Home,
    elsewhere,
    door: elsewhere ? door : path,
    pid: holder?.pid ?? null,
    uid: holder?.uid ?? null,
    user: holder ? (accountByUid(holder.uid)?.name ?? null) : null,
    reachable: isHeir && isSocket(door),
  };
}

/** Without access to file descriptors the title decides. It cannot tell two sockets of one path apart. */
function claimsOn(sockets: readonly ClaimedSocket[], { holders, byPid }: Processes): Claim[] {
  const holderOf = ({ inode, path }: ClaimedSocket): HostProcess | undefined => {
    const all = holders.get(inode) ?? [];
    // Another process may hold a passed descriptor (unix(7), SCM_RIGHTS). The socket file's owner has bound it.
    return all.length > 1 ? (all.find((one) => one.uid === socketOwner(seenBy(one, path))) ?? all[0]) : all[0];
  };
  const known = new Set(sockets.flatMap((socket) => holderOf(socket) ?? []));
  let titled: ReturnType<typeof titledDaemons> | null = null;
  return sockets.map((socket) => {
    let holder = holderOf(socket);
    holder ??= (titled ??= titledDaemons(byPid)).get(dirname(socket.path))?.find((one) => !known.has(one));
    if (holder !== undefined) known.add(holder);
    return {
      ...socket,
      holder: holder ?? null,
      door: holder === undefined ? socket.path : seenBy(holder, socket.path),
    };
  });
}

function answeringOf(claims: readonly [Claim, ...Claim[]]): Promise<Pid | null> {
  const [{ door, path }] = claims;
  return whoAnswers(
    door,
    claims.flatMap(({ holder }) => holder?.pid ?? []),
    path,
  );
}

/**
 * The socket to which the path leads. Without an answer the youngest process: PM2 binds at its start (lib/Daemon.js).
 * Inode numbers give no order, because each processor has its own range (get_next_ino in fs/inode.c).
 */
function heirOf(claims: readonly Claim[], answering: Pid | null): Claim | undefined {
  const [first, ...others] = claims;
  if (first === undefined || others.length === 0) return first;
  const began = ({ holder }: Claim) => Number(holder === null ? 0 : startOf(holder.pid));
  return (
    claims.find(({ holder }) => holder !== null && holder.pid === answering) ??
    others.reduce((last, claim) => (began(claim) > began(last) ? claim : last), first)
  );
}

/** True without access: the connection will tell. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

function pm2HomeOfSocket(path: string): Pm2Home {
  return asPm2Home(dirname(path));
}
