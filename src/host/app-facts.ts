import { accountByUid } from '../identity/accounts.ts';
import type { ListedProcess as Listed } from '../pm2/rpc.ts';
import { descendants, processOf, type HostProcess, type Processes } from './processes.ts';
import { environmentOf } from './process-facts.ts';

/** One process of an app: what its daemon says of it, beside what the kernel says. */
export interface AppFacts extends Listed {
  /** The living process, a child of the daemon; null: there is none. */
  process: HostProcess | null;
  /**
   * The pid that the daemon names is that of a living process, and of no child of its own: it does not tell the
   * truth.
   */
  untrue: boolean;
  /** The account of the uid that it really runs as; null: no process, or a uid without an account. */
  user: string | null;
  /** TCP ports that it, or anything below it, listens on. */
  ports: number[];
}

/**
 * What the daemon lists, each with its process. PM2 starts every app as a child of its own (God/ForkMode.js,
 * ClusterMode.js).
 */
export function listedApps(
  listed: readonly Listed[],
  daemon: HostProcess | null,
  processes: Processes,
  ports: PortsByPid,
): AppFacts[] {
  // It calls its children by their numbers in its own pid namespace.
  const depth = (daemon?.pids.length ?? 1) - 1;
  const children = new Map(
    (daemon === null ? [] : (processes.children.get(daemon.pid) ?? [])).map((child) => [child.pids[depth], child]),
  );
  return listed.map((app) => {
    const child = app.pid === null ? undefined : children.get(app.pid);
    if (child !== undefined || !app.pid || daemon === null || depth > 0) return appFacts(app, child, processes, ports);
    // The processes were read before the list: an app that crashes and comes back has another pid by now.
    const now = processOf(app.pid);
    return now === null || now.parent === daemon.pid
      ? appFacts(app, now ?? undefined, processes, ports)
      : { ...appFacts(app, undefined, processes, ports), untrue: true };
  });
}

/**
 * What lives below a daemon that does not answer, by the variables that PM2 gives to every app (God/ForkMode.js,
 * ClusterMode.js; Utility.extend(env_copy, env_copy.env)).
 */
export function appsBelow(daemon: HostProcess, processes: Processes, ports: PortsByPid): AppFacts[] {
  return (processes.children.get(daemon.pid) ?? []).flatMap((child) => {
    const env = environmentOf(child.pid);
    const { name, pm_id: id } = env ?? {};
    if (!env || name === undefined || id === undefined || !/^\d+$/.test(id)) return [];
    const listed: Listed = {
      name,
      namespace: env['namespace'] ?? null,
      script: env['pm_exec_path'] ?? null,
      cwd: env['pm_cwd'] ?? null,
      pmId: Number(id),
      pid: child.pid,
      status: null,
      restarts: null,
      cluster: env['exec_mode'] === 'cluster_mode',
      username: env['username'] ?? null,
      module: env['pmx_module'] === 'true',
    };
    return [appFacts(listed, child, processes, ports)];
  });
}

export type PortsByPid = ReadonlyMap<number, readonly number[]>;

function appFacts(app: Listed, child: HostProcess | undefined, processes: Processes, ports: PortsByPid): AppFacts {
  return {
    ...app,
    process: child ?? null,
    untrue: false,
    user: child === undefined ? null : (accountByUid(child.uid)?.name ?? null),
    ports: child === undefined ? [] : portsBelow(child.pid, processes, ports),
  };
}

/** What a process and everything below it listen on: `npm start` is npm, and the node below it has the port. */
export function portsBelow(pid: number, processes: Processes, ports: PortsByPid): number[] {
  return [...new Set(descendants(processes, pid).flatMap((process) => ports.get(process.pid) ?? []))].sort(
    (a, b) => a - b,
  );
}
