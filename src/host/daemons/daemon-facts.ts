import type { Pm2Home } from '../../runtime/brands.ts';
import { dirname, join } from 'node:path';
import { accountByUid } from '../../identity/accounts.ts';
import { listAndReport, type RpcAnswer, type Failure, type Reply } from '../../pm2/rpc.ts';
import { LIMITS } from '../../pm2/process.ts';
import type { Daemon } from '../../policy/policy.ts';
import { fileId, realpathOrNull } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { appsBelow, listedApps, type AppFacts, type PortsByPid } from './app-facts.ts';
import type { Budget } from '../budget.ts';
import type { LiveDaemon } from './live-daemons.ts';
import { processFacts, type ProcessFacts } from '../processes/process-facts.ts';
import type { Processes } from '../processes/processes.ts';
import { socketFile, type SocketFile } from './socket-file.ts';

export interface DaemonFacts extends LiveDaemon {
  /** Null: hidden from the caller. */
  process: ProcessFacts | null;
  /** Without symlinks; null: gone, or in a container. */
  physical: string | null;
  /** By passwd; null: no account, or hidden from the caller. */
  homeDirectory: string | null;
  /** Null: gone, of another daemon, or hidden from the caller. */
  socketFile: SocketFile | null;
  /** Why it gave no list; null: it gave one, or is not `reachable`. */
  failure: Failure | null;
  /** Versions by its own report. */
  pm2: string | null;
  node: string | null;
  /** The installed PM2 at its path; null: unknown. */
  pm2OnDisk: { directory: string; version: string } | null;
  /** From its list or the environments of its children, without PM2's modules. */
  apps: AppFacts[];
  modules: string[];
  /** TCP ports of the daemon itself, for its apps in cluster mode. */
  ports: readonly number[];
  /** The declared daemon of this PM2_HOME, whatever its user. Its pinned pm2 and node are without symlinks. */
  declared: Daemon | null;
}

/** A daemon of 500 apps needs half a second on a slow machine. */
const TIMEOUT_MS = 5000;

/** Another daemon answers at the path of an unreachable one. */
const UNREACHABLE = { type: 'dead', code: 'ENOENT' } as const;
const OUT_OF_TIME = { type: 'silent' } as const;

/** Asks a daemon over its socket and reads its processes. Never throws. */
export async function daemonFacts(
  daemon: LiveDaemon,
  processes: Processes,
  ports: PortsByPid,
  declared: readonly Daemon[],
  budget: Budget,
): Promise<DaemonFacts> {
  const own = daemon.pid === null ? undefined : processes.byPid.get(daemon.pid);
  const process = own === undefined ? null : processFacts(own);
  const { elsewhere, door, reachable } = daemon;
  const timeoutMs = Math.min(TIMEOUT_MS, budget.deadline - Date.now());
  const [list, report]: [RpcAnswer, Reply] = !reachable
    ? [UNREACHABLE, UNREACHABLE]
    : timeoutMs <= 0
      ? [OUT_OF_TIME, OUT_OF_TIME]
      : await listAndReport(door, { timeoutMs, budget: budget.bytes });
  const told = reported(report);
  const all =
    list.type === 'answered'
      ? listedApps(list.apps, process, processes, ports)
      : process === null
        ? []
        : appsBelow(process, processes, ports);
  return {
    ...daemon,
    process,
    physical: elsewhere ? null : realpathOrNull(daemon.pm2Home),
    homeDirectory: daemon.uid === null ? null : (accountByUid(daemon.uid)?.homeDirectory ?? null),
    socketFile: reachable ? socketFile(door) : null,
    failure: list.type === 'answered' || !reachable ? null : list,
    pm2: told.pm2 ?? titledVersion(process),
    node: told.node,
    pm2OnDisk: elsewhere || told.script === null ? null : packageOf(told.script),
    apps: all.filter(({ module }) => !module),
    modules: all.filter(({ module }) => module).map(({ name }) => name),
    ports: (process && ports.get(process.pid)) ?? [],
    declared: elsewhere ? null : declaredAt(daemon.pm2Home, declared),
  };
}

/** God/ActionMethods.js getReport. The daemon is not trusted, so a field may have any type. */
export function reported(report: Reply): { pm2: string | null; node: string | null; script: string | null } {
  const {
    pm2_version: pm2,
    node_version: node,
    argv,
  } = (report.type === 'answered' ? (report.result ?? {}) : {}) as {
    pm2_version?: unknown;
    node_version?: unknown;
    argv?: unknown;
  };
  const script: unknown = Array.isArray(argv) ? argv[1] : null;
  return { pm2: versionOf(pm2), node: versionOf(node), script: typeof script === 'string' ? script : null };
}

function versionOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 64 && /^\d+\.\d+\.\d+[\w.+-]*$/.test(value) ? value : null;
}

/** `PM2 v7.0.4: God Daemon (/home/x/.pm2)` (lib/Daemon.js) */
function titledVersion(process: ProcessFacts | null): string | null {
  return versionOf(/^PM2 v(\S+): God/.exec(process?.command ?? '')?.[1]);
}

/** An upgrade replaces the files, and the running daemon keeps the old version in memory. */
function packageOf(script: string): DaemonFacts['pm2OnDisk'] {
  if (script.length > LIMITS.text || !/^\/.*\/lib\/Daemon\.js$/.test(script)) return null;
  const directory = dirname(dirname(script));
  try {
    const { name, version } = JSON.parse(
      readRegularFile(join(directory, 'package.json'), 1 << 20).toString('utf8'),
    ) as { name?: unknown; version?: unknown };
    const known = versionOf(version);
    return name === 'pm2' && known !== null ? { directory, version: known } : null;
  } catch {
    return null;
  }
}

function declaredAt(pm2Home: Pm2Home, declared: readonly Daemon[]): Daemon | null {
  const found = declared.find(
    (one) => one.pm2Home === pm2Home || (fileId(one.pm2Home) !== null && fileId(one.pm2Home) === fileId(pm2Home)),
  );
  return found === undefined
    ? null
    : {
        ...found,
        pm2: found.pm2 === null ? null : realpathOrNull(found.pm2),
        node: found.node === null ? null : realpathOrNull(found.node),
      };
}
