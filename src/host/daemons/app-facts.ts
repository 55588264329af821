import { accountByUid } from '../../identity/accounts.ts';
import type { ListedProcess as Listed } from '../../pm2/rpc.ts';
import { asPid, type Pid } from '../../runtime/brands.ts';
import { descendants, processOf, type HostProcess, type Processes } from '../processes/processes.ts';
import { environmentOf } from '../processes/process-facts.ts';

/** One process of an app, by its daemon and by the kernel. */
export interface AppFacts extends Listed {
  /** A child of the daemon; null: none runs. */
  process: HostProcess | null;
  /** The daemon names the pid of a living process that is not its child, so its answer is false. */
  untrue: boolean;
  /** By the kernel; null: no process, or a uid without an account. */
  user: string | null;
  /** TCP ports of it and its descendants. */
  ports: number[];
}

/** PM2 starts every app as its own child (God/ForkMode.js, ClusterMode.js). */
export function listedApps(
  listed: readonly Listed[],
  daemon: HostProcess | null,
  processes: Processes,
  ports: PortsByPid,
): AppFacts[] {
  // The daemon knows its children by the pids of its own pid namespace.
  const depth = (daemon?.pids.length ?? 1) - 1;
  const children = new Map(
    (daemon === null ? [] : (processes.children.get(daemon.pid) ?? [])).map((child) => [child.pids[depth], child]),
  );
  return listed.map((app) => {
    const child = app.pid === null ? undefined : children.get(app.pid);
    if (child !== undefined || !app.pid || daemon === null || depth > 0) return appFacts(app, child, processes, ports);
    // The processes were read before the list, so a restarted app has a new pid.
    const now = processOf(asPid(app.pid));
    return now === null || now.parent === daemon.pid
      ? appFacts(app, now ?? undefined, processes, ports)
      : { ...appFacts(app, undefined, processes, ports), untrue: true };
  });
}

/**
 * Apps of a silent daemon, by the variables that PM2 gives them (God/ForkMode.js, ClusterMode.js, Utility.extend).
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

export type PortsByPid = ReadonlyMap<Pid, readonly number[]>;

function appFacts(app: Listed, child: HostProcess | undefined, processes: Processes, ports: PortsByPid): AppFacts {
  return {
    ...app,
    process: child ?? null,
    untrue: false,
    user: child === undefined ? null : (accountByUid(child.uid)?.name ?? null),
    ports: child === undefined ? [] : portsBelow(child.pid, processes, ports),
  };
}

/** With descendants: below `npm start`, node has the port. */
export function portsBelow(pid: Pid, processes: Processes, ports: PortsByPid): number[] {
  return [...new Set(descendants(processes, pid).flatMap((process) => ports.get(process.pid) ?? []))].sort(
    (a, b) => a - b,
  );
}
