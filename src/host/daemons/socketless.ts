import { resolve } from 'node:path';
import { accountByUid } from '../../identity/accounts.ts';
import { asPm2Home, asPosix, type Pid, type Pm2Home } from '../../runtime/brands.ts';
import { linkOf, listDirectory } from '../../runtime/peek.ts';
import { startOf } from '../../runtime/process-start.ts';
import { Shares } from '../budget.ts';
import { isElsewhere } from './elsewhere.ts';
import type { LiveDaemon } from './live-daemons.ts';
import { runsNode } from './pm2-process.ts';
import { environmentOf, exeOf } from '../processes/process-facts.ts';
import { commandLineOf, socketsOf, type HostProcess, type Processes } from '../processes/processes.ts';
import { listeningInodes, networkTables } from './sockets.ts';

/** A daemon that listens on no socket, or seems to because it is just starting or ending. */
export interface Suspect {
  process: HostProcess;
  pm2Home: Pm2Home;
  /** startOf: a later process of this pid has another one. */
  start: string;
}

const MOST_OF_A_USER = 50;

/**
 * Processes with the title of a PM2 daemon that listen on no socket. Such a daemon lost the race for its socket: it
 * waits for ever, in no list (modules/pm2-axon/lib/sockets/sock.js, bind).
 *
 * Its user chooses the title. So the process may be no daemon, and nothing but its uid is certain.
 *
 * @param known pids of daemons that listen
 */
export function suspects(processes: Processes, known: ReadonlySet<Pid>): Suspect[] {
  const shares = new Shares(MOST_OF_A_USER);
  const own = processes.byPid.get(asPosix(process).pid)?.pids.length;
  const titled = [...processes.byPid.values()].flatMap((one): Suspect[] => {
    const { pid, uid, realUid, state, pids } = one;
    // A set-user-ID program has its environment and arguments from another user.
    if (known.has(pid) || uid !== realUid || state === 'Z' || pids.length !== own) return [];
    if (!runsNode(exeOf(pid))) return []; // the cheapest look at a process first: there are many
    const pm2Home = titledHome(pid);
    const start = pm2Home === null ? null : startOf(pid);
    if (pm2Home === null || start === null || !shares.take(uid)) return [];
    return isElsewhere(one, pm2Home) ? [] : [{ process: one, pm2Home, start }];
  });
  return titled.length === 0 ? [] : withoutSocket(titled, processes);
}

const SECOND_LOOK_MS = 1000;

/** Looks again later, because a daemon has its title before its socket, and closes its socket before it ends. */
export async function confirmed(found: readonly Suspect[], processes: Processes): Promise<LiveDaemon[]> {
  if (found.length === 0) return [];
  await new Promise((resolved) => {
    setTimeout(resolved, SECOND_LOOK_MS);
  });
  const still = found.filter(({ process: { pid }, start }) => startOf(pid) === start);
  return withoutSocket(still, processes).map(({ process: { pid, uid }, pm2Home }) => ({
    socket: resolve(pm2Home, 'rpc.sock'),
    pm2Home,
    elsewhere: false,
    door: resolve(pm2Home, 'rpc.sock'),
    pid,
    uid,
    user: accountByUid(uid)?.name ?? null,
    reachable: false,
  }));
}

/** Those that are known to listen on no socket but pub.sock. Forged lines of the kernel's list can only hide one. */
function withoutSocket(found: readonly Suspect[], processes: Processes): Suspect[] {
  const listening = listeningInodes(networkTables(processes, 'unix'), (path) => !path.endsWith('/pub.sock'));
  return found.filter(
    ({ process: { pid } }) =>
      // No descriptors at all: hidden from the caller.
      listDirectory(`/proc/${pid}/fd`, 1).length > 0 && !socketsOf(pid).some((inode) => listening.has(inode)),
  );
}

/** The PM2_HOME in the title. A long one is cut to the length of the first command line. */
function titledHome(pid: Pid): Pm2Home | null {
  const [, titled, end] = /^PM2 v\S+: God Daemon \((.+?)(\)?)$/s.exec(commandLineOf(pid)) ?? [];
  if (titled === undefined) return null;
  if (end === ')') return asPm2Home(resolve(linkOf(`/proc/${pid}/cwd`) ?? '/', titled));
  const pm2Home = environmentOf(pid)?.['PM2_HOME'];
  return pm2Home?.startsWith('/') === true && pm2Home.startsWith(titled) ? asPm2Home(resolve(pm2Home)) : null;
}
