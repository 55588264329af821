import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { fileId, statOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { isElsewhere, seenBy } from './elsewhere.ts';
import { isDaemonOf, runsNode } from './pm2-process.ts';
import { exeOf, processFacts } from './process-facts.ts';
import { readProcesses, titledDaemons, type HostProcess, type Processes } from './processes.ts';
import { claimedDaemonSockets, networkTables, otherInodes, type ClaimedSocket } from './sockets.ts';
import { whoAnswers } from './who-answers.ts';

/** A PM2 daemon that runs now. */
export interface LiveDaemon {
  /** As it was bound. */
  socket: string;
  /** The directory of its socket. */
  home: string;
  /** That is another place than this path is for us: it lives in a container, or in a chroot. */
  elsewhere: boolean;
  /** The way to its socket for us. */
  door: string;
  pid: number | null;
  /** As whom it runs; null: the caller may not know. */
  uid: number | null;
  /** The account of that uid; null where there is none. */
  user: string | null;
  /** Its socket is still where it was bound. False: another daemon took its place, or its home was deleted (T33). */
  reachable: boolean;
}

/** A socket, and whoever listens on it; null: the caller may not know. */
interface Claim extends ClaimedSocket {
  holder: HostProcess | null;
  door: string;
}

/**
 * Every PM2 daemon of this host, from the kernel: pm2 itself would show the caller's own and spawn one where there is
 * none. Anything else that listens on a socket of that name is listed too; only asking it tells (src/pm2/rpc.ts).
 *
 * The kernel's list of sockets can be forged (sockets.ts). So a process counts only where the file of the socket
 * belongs to the user whom the process runs as, or where the process shows itself to be the daemon of that very home.
 * Of two lines with one inode the one counts whose path the process answers at, or which names the home that the
 * process shows.
 *
 * Connects to none, but where several have bound one path, or where a line is doubtful.
 */
export async function liveDaemons(processes: Processes = readProcesses()): Promise<LiveDaemon[]> {
  const rivals = new Map<string, [Claim, ...Claim[]]>();
  const sockets = claimedDaemonSockets(networkTables(processes, 'unix'), otherInodes(processes));
  for (const claim of claimsOn(sockets, processes).filter(isCredible)) {
    // a path is two places where a container shares our network
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

/** Whether the kernel, or the process itself, bears out what a line of the list says. */
function isCredible({ path, door, holder }: Claim): boolean {
  if (holder === null) return process.geteuid?.() !== 0; // root sees who holds each socket: this one does not exist
  const owner = socketOwner(door);
  if (owner === holder.uid) return true;
  return owner === null ? runsNode(exeOf(holder.pid)) : isDaemonOf(processFacts(holder), dirname(path));
}

/**
 * Whether the holder of a doubtful socket is the daemon of this path: it answers there, or shows itself to be this
 * daemon.
 */
function isProven({ path, holder }: Claim, answering: number | null): boolean {
  return holder !== null && (holder.pid === answering || isDaemonOf(processFacts(holder), dirname(path)));
}

/** The owner of a socket's file; null: there is none, or the caller may not look. */
export function socketOwner(path: string): number | null {
  const stat = statOf(path);
  return stat?.isSocket() === true ? stat.uid : null;
}

function liveDaemon({ path, holder, door }: Claim, isHeir: boolean): LiveDaemon {
  const home = dirname(path);
  const elsewhere = holder !== null && isElsewhere(holder, home);
  return {
    socket: path,
    home,
    elsewhere,
    door: elsewhere ? door : path,
    pid: holder?.pid ?? null,
    uid: holder?.uid ?? null,
    user: holder ? (accountByUid(holder.uid)?.name ?? null) : null,
    reachable: isHeir && isSocket(door),
  };
}

/**
 * Who holds each socket. Where somebody else's daemon hides its files its title tells, though not which of two sockets
 * of one path is whose: to such a caller nothing tells those from each other, and they are given out as they come.
 */
function claimsOn(sockets: readonly ClaimedSocket[], { holders, byPid }: Processes): Claim[] {
  const holderOf = ({ inode, path }: ClaimedSocket): HostProcess | undefined => {
    const all = holders.get(inode) ?? [];
    // A process can be sent an open socket of another user's (unix(7), SCM_RIGHTS): the one that has bound it is meant.
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

/** Which of those who have bound a path answers there. */
function answeringOf(claims: readonly [Claim, ...Claim[]]): Promise<number | null> {
  const [{ door, path }] = claims;
  return whoAnswers(
    door,
    claims.flatMap(({ holder }) => holder?.pid ?? []),
    path,
  );
}

/**
 * Whom the path leads to, of those who have bound it. Who answers there is proof. Where none does, it is who began
 * last: PM2 binds as it starts (lib/Daemon.js). The numbers of the sockets tell nothing, since every processor gives
 * out its own (get_next_ino in Linux's fs/inode.c).
 */
function heirOf(claims: readonly Claim[], answering: number | null): Claim | undefined {
  const [first, ...others] = claims;
  if (first === undefined || others.length === 0) return first;
  const began = ({ holder }: Claim) => Number(holder === null ? 0 : startOf(holder.pid));
  return (
    claims.find(({ holder }) => holder !== null && holder.pid === answering) ??
    others.reduce((last, claim) => (began(claim) > began(last) ? claim : last), first)
  );
}

/** Where the caller may not look it is taken for one: asking it tells. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
