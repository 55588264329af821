import { accountByUid } from '../../identity/accounts.ts';
import { asPm2Home, asPosix, type Pid, type Pm2Home, type Uid } from '../../runtime/brands.ts';
import { portsBelow, type PortsByPid } from './app-facts.ts';
import { Shares } from '../budget.ts';
import { environmentOf, processFacts, type ProcessFacts } from '../processes/process-facts.ts';
import { ancestors, type HostProcess, type Processes } from '../processes/processes.ts';

export interface Ghost {
  process: ProcessFacts;
  user: string | null;
  /** From its environment. */
  app: string;
  pm2Home: Pm2Home;
  ports: number[];
}

export interface Environments {
  ghosts: Ghost[];
  /** Every PM2_HOME set in a process. */
  pm2Homes: Pm2Home[];
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
  const pm2Homes = new Map<Uid, Set<Pm2Home>>();
  const lost = new Map<Pid, { process: HostProcess; app: string; pm2Home: Pm2Home }>();
  const shares = new Shares(MOST_BYTES_OF_A_USER);
  const own = processes.byPid.get(asPosix(process).pid)?.pids.length;
  for (const one of processes.byPid.values()) {
    if (ancestors(processes, one.pid).some(({ pid }) => daemons.has(pid))) continue;
    if (!shares.take(one.realUid, 0)) continue;
    const environment = environmentOf(one.pid, (length) => shares.take(one.realUid, length));
    const { PM2_HOME: pm2Home, pm_id: id, name: app } = environment ?? {};
    if (pm2Home === undefined || !pm2Home.startsWith('/')) continue;
    const named = pm2Homes.get(one.uid) ?? new Set();
    if (one.uid === 0 || named.size < MOST_OF_A_USER) pm2Homes.set(one.uid, named.add(asPm2Home(pm2Home)));
    // Another pid namespace is a container, and the daemon may be its init.
    if (app !== undefined && id !== undefined && /^\d+$/.test(id) && one.state !== 'Z' && one.pids.length === own)
      lost.set(one.pid, { process: one, app, pm2Home: asPm2Home(pm2Home) });
  }
  const tops = [...lost.values()].filter(({ process }) => !lost.has(process.parent));
  return {
    pm2Homes: [...new Set([...pm2Homes.values()].flatMap((named) => [...named]))].sort(),
    ghosts: tops.map(({ process, app, pm2Home }) => ({
      process: processFacts(process),
      app,
      pm2Home,
      user: accountByUid(process.uid)?.name ?? null,
      ports: portsBelow(process.pid, processes, ports),
    })),
  };
}
