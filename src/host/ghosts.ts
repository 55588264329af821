import { accountByUid } from '../identity/accounts.ts';
import { portsBelow, type PortsByPid } from './app-facts.ts';
import { Shares } from './budget.ts';
import { environmentOf, processFacts, type ProcessFacts } from './process-facts.ts';
import { ancestors, type HostProcess, type Processes } from './processes.ts';

/** A process that PM2 started and no daemon has any more (T31). */
export interface Ghost {
  process: ProcessFacts;
  user: string | null;
  /** The name it had, and the home of the daemon that started it: by its environment. */
  app: string;
  home: string;
  ports: number[];
}

/** What environments tell of PM2, of all processes that no daemon has below it. */
export interface Environments {
  ghosts: Ghost[];
  /** Every PM2_HOME that is set somewhere: a shell, a unit's process, a job. */
  homes: string[];
}

/** Each is looked into, and any user can start a thousand processes with a PM2_HOME of their own. */
const MOST_OF_A_USER = 10;
/** Bytes of all environments of a user: a thousand processes have some kilobytes each. */
const MOST_BYTES_OF_A_USER = 64 << 20;

/**
 * Reads the environment of everything that is not below a daemon. What has the variables of an app (God/ForkMode.js:
 * pm_id, name, PM2_HOME) lost its daemon: it was killed, and its children went to init.
 *
 * @param daemons pids of all living daemons
 */
export function readEnvironments(processes: Processes, daemons: ReadonlySet<number>, ports: PortsByPid): Environments {
  const homes = new Map<number, Set<string>>();
  const lost = new Map<number, { process: HostProcess; app: string; home: string }>();
  const shares = new Shares(MOST_BYTES_OF_A_USER);
  const own = processes.byPid.get(process.pid)?.pids.length;
  for (const one of processes.byPid.values()) {
    if (ancestors(processes, one.pid).some(({ pid }) => daemons.has(pid))) continue;
    if (!shares.take(one.realUid, 0)) continue;
    const environment = environmentOf(one.pid, (length) => shares.take(one.realUid, length));
    const { PM2_HOME: home, pm_id: id, name: app } = environment ?? {};
    if (home === undefined || !home.startsWith('/')) continue;
    const named = homes.get(one.uid) ?? new Set();
    if (one.uid === 0 || named.size < MOST_OF_A_USER) homes.set(one.uid, named.add(home));
    // In another pid namespace is a container, whose init may well be the daemon.
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
