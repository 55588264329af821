import { accountByUid } from '../../identity/accounts.ts';
import { asPosix, type Pid, type Uid } from '../../runtime/brands.ts';
import { portsBelow, type PortsByPid } from './app-facts.ts';
import { Shares } from '../budget.ts';
import { environmentOf, processFacts, type ProcessFacts } from '../processes/process-facts.ts';
import { ancestors, type HostProcess, type Processes } from '../processes/processes.ts';

export interface Ghost {
  process: ProcessFacts;
  user: string | null;
  /** From its environment. */
  app: string;
  home: string;
  ports: number[];
}

export interface Environments {
  ghosts: Ghost[];
  /** Every PM2_HOME set in a process. */
  homes: string[];
}

/** Each PM2_HOME is examined, and a user can set thousands. */
const MOST_OF_A_USER = 10;
/** Bytes of all environments of a user. A thousand processes have some kilobytes each. */
const MOST_BYTES_OF_A_USER = 64 << 20;

/**
 * Reads environments of processes outside all `daemons` (pids). One with an app's variables has lost its daemon
 * (God/ForkMode.js: pm_id, name, PM2_HOME).
 */
export function readEnvironments(processes: Processes, daemons: ReadonlySet<Pid>, ports: PortsByPid): Environments {
  const homes = new Map<Uid, Set<string>>();
  const lost = new Map<Pid, { process: HostProcess; app: string; home: string }>();
  const shares = new Shares(MOST_BYTES_OF_A_USER);
  const own = processes.byPid.get(asPosix(process).pid)?.pids.length;
  for (const one of processes.byPid.values()) {
    if (ancestors(processes, one.pid).some(({ pid }) => daemons.has(pid))) continue;
    if (!shares.take(one.realUid, 0)) continue;
    const environment = environmentOf(one.pid, (length) => shares.take(one.realUid, length));
    const { PM2_HOME: home, pm_id: id, name: app } = environment ?? {};
    if (home === undefined || !home.startsWith('/')) continue;
    const named = homes.get(one.uid) ?? new Set();
    if (one.uid === 0 || named.size < MOST_OF_A_USER) homes.set(one.uid, named.add(home));
    // Another pid namespace is a container, and the daemon may be its init.
    if (app !== undefined && id !== undefined && /^\d+$/.test(id) && one.state !== 'Z' && one.pids.length === own)
      lost.set(one.pid, { process: one, app, home });
  }
  const tops = [...lost.values()].filter(({ process }) => !lost.has(process.parent));
  return {
    homes: [...new Set([...homes.values()].flatMap((named) => [...named]))].sort(),
    ghosts: tops.map(({ process, app, home }) => ({
      process: processFacts(process),
      app,
      home,
      user: accountByUid(process.uid)?.name ?? null,
      ports: portsBelow(process.pid, processes, ports),
    })),
  };
}
