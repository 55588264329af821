import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { inodeOf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { isElsewhere, seenBy } from './elsewhere.ts';
import { readProcesses, titledDaemons, type Process, type Processes } from './processes.ts';
import { daemonSockets, networkTables, type NamedSocket } from './sockets.ts';
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
interface Claim extends NamedSocket {
  holder: Process | null;
  door: string;
}

/**
 * Every PM2 daemon of this host, from the kernel: pm2 itself would show the caller's own and spawn one where there is none.
 * Anything else that listens on a socket of that name is listed too; only asking it tells (src/pm2/rpc.ts).
 *
 * Connects to nobody, but where several have bound one path.
 */
export async function liveDaemons(processes: Processes = readProcesses()): Promise<LiveDaemon[]> {
  const rivals = new Map<string, [Claim, ...Claim[]]>();
  for (const claim of claimsOn(daemonSockets(networkTables(processes, 'unix')), processes)) {
    const place = `${inodeOf(dirname(claim.door)) ?? ''} ${claim.path}`; // a path is two places where a container shares our network
    rivals.set(place, [claim, ...rivals.get(place) ?? []]);
  }
  const found = await Promise.all([...rivals.values()].map(async (claims) => {
    const heir = await heirOf(claims);
    return claims.map((claim) => liveDaemon(claim, claim === heir));
  }));
  return found.flat();
}

function liveDaemon({ path, holder, door }: Claim, isHeir: boolean): LiveDaemon {
  const home = dirname(path);
  const elsewhere = holder !== null && isElsewhere(holder, home);
  return {
    socket: path, home, elsewhere, door: elsewhere ? door : path,
    pid: holder?.pid ?? null, uid: holder?.uid ?? null,
    user: holder ? accountByUid(holder.uid)?.name ?? null : null,
    reachable: isHeir && isSocket(door),
  };
}

/**
 * Who holds each socket. Where somebody else's daemon hides its files its title tells, though not which of two sockets of one
 * path is whose: to such a caller nothing tells those from each other, and they are given out as they come.
 */
function claimsOn(sockets: readonly NamedSocket[], { holders, byPid }: Processes): Claim[] {
  const known = new Set(sockets.flatMap(({ inode }) => holders.get(inode)?.[0] ?? []));
  let titled: ReturnType<typeof titledDaemons> | null = null;
  return sockets.map((socket) => {
    let holder = holders.get(socket.inode)?.[0];
    holder ??= (titled ??= titledDaemons(byPid)).get(dirname(socket.path))?.find((one) => !known.has(one));
    if (holder !== undefined) known.add(holder);
    return { ...socket, holder: holder ?? null, door: holder === undefined ? socket.path : seenBy(holder, socket.path) };
  });
}

/**
 * Whom the path leads to, of those who have bound it. Who answers there is proof. Where nobody does, it is who began last: PM2
 * binds as it starts (lib/Daemon.js). The numbers of the sockets tell nothing, since every processor gives out its own
 * (get_next_ino in Linux's fs/inode.c).
 */
async function heirOf(claims: readonly [Claim, ...Claim[]]): Promise<Claim> {
  const [first, ...others] = claims;
  if (others.length === 0) return first;
  const answering = await whoAnswers(first.door, claims.flatMap(({ holder }) => holder?.pid ?? []));
  const began = ({ holder }: Claim) => Number(holder === null ? 0 : startOf(holder.pid));
  return claims.find(({ holder }) => holder !== null && holder.pid === answering)
    ?? others.reduce((last, claim) => (began(claim) > began(last) ? claim : last), first);
}

/** Where the caller may not look it is taken for one: asking it tells. */
function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
