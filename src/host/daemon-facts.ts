import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { readDump } from '../pm2/dump.ts';
import { dumpFile } from '../pm2/home.ts';
import type { App } from '../pm2/invocation.ts';
import { askDaemon, listApps, type Failure, type Process as Listed } from '../pm2/rpc.ts';
import type { LiveDaemon } from './live-daemons.ts';
import { descendants, type Processes } from './processes.ts';
import { processFacts, type ProcessFacts } from './process-facts.ts';

/** One app of a daemon, which is one process of PM2's list: what the daemon says, beside what the kernel says. */
export interface AppFacts extends Listed {
  /** The living process that the daemon calls by this pid, one of its own children; null: there is none. */
  process: ProcessFacts | null;
  /** The account of the uid that it really runs as; null: no process, or a uid without an account. */
  user: string | null;
  /** TCP ports that it or anything below it listens on. */
  ports: number[];
}

/** A living daemon, and all that lives in it. */
export interface DaemonFacts extends LiveDaemon {
  /** Null: the caller may not even know its pid. */
  process: ProcessFacts | null;
  /** The home is another place for it than the path is for us: it lives in a container, or in a chroot. */
  elsewhere: boolean;
  /** Of the socket's file; null: it is gone, or not the caller's to look at. */
  socketFile: { uid: number; user: string; gid: number; mode: number } | null;
  /** Why it said nothing of its apps; null: it did. */
  failure: Failure | null;
  /** Its PM2 and its node, by its own account; null: it did not say. */
  pm2: string | null;
  node: string | null;
  apps: AppFacts[];
  /** PM2's modules that it runs. */
  modules: string[];
  /** TCP ports that the daemon itself listens on, for its apps in cluster mode. */
  ports: number[];
  /** What a `pm2 resurrect` in this home would bring back, an entry for each process; null: there is no list, or none that can be read. */
  saved: App[] | null;
}

/** For one answer. A daemon of 500 apps needs half a second on a slow machine. */
const PATIENCE = { timeoutMs: 5000, maxBytes: 256 << 20 };

/** Asks a living daemon over its own socket, and looks at its processes. Never throws; never takes longer than its time. */
export async function daemonFacts(daemon: LiveDaemon, processes: Processes, ports: ReadonlyMap<number, number[]>): Promise<DaemonFacts> {
  const own = daemon.pid === null ? undefined : processes.byPid.get(daemon.pid);
  const process = own === undefined ? null : processFacts(own);
  const elsewhere = process !== null && isElsewhere(process, daemon.home);
  const path = elsewhere ? `/proc/${process.pid}/root${daemon.socket}` : daemon.socket;
  const [list, report] = await Promise.all([listApps(path, PATIENCE), askDaemon(path, 'getReport', {}, PATIENCE)]);
  const { pm2_version: pm2, node_version: node } = (report.type === 'answered' ? report.result ?? {} : {}) as { pm2_version?: unknown; node_version?: unknown };
  const listed = list.type === 'answered' ? list.apps : [];
  return {
    ...daemon,
    process, elsewhere,
    socketFile: socketFile(path),
    failure: list.type === 'answered' ? null : list,
    pm2: typeof pm2 === 'string' ? pm2 : null,
    node: typeof node === 'string' ? node : null,
    apps: listed.filter(({ module }) => !module).map((app) => appFacts(app, process, processes, ports)),
    modules: listed.filter(({ module }) => module).map(({ name }) => name),
    ports: (process && ports.get(process.pid)) ?? [],
    saved: elsewhere ? null : readDump(dumpFile(daemon.home)),
  };
}

function appFacts(app: Listed, daemon: ProcessFacts | null, processes: Processes, ports: ReadonlyMap<number, number[]>): AppFacts {
  // PM2 starts every app as a child of its own (God/ForkMode.js, ClusterMode.js), and calls it by its number in their pid namespace.
  const children = daemon === null ? [] : processes.children.get(daemon.pid) ?? [];
  const child = children.find(({ pids }) => app.pid !== null && pids[(daemon?.pids.length ?? 1) - 1] === app.pid);
  const process = child === undefined ? null : processFacts(child);
  return {
    ...app,
    process,
    user: process === null ? null : accountByUid(process.uid)?.name ?? null,
    ports: child === undefined ? [] : [...new Set(descendants(processes, child.pid).flatMap(({ pid }) => ports.get(pid) ?? []))].sort((a, b) => a - b),
  };
}

/** Another mount namespace alone says little: systemd gives one to every unit with PrivateTmp=. The directory tells. */
function isElsewhere({ pid, foreign }: ProcessFacts, home: string): boolean {
  if (!foreign.includes('mount') && inodeOf(`/proc/${pid}/root`) === inodeOf('/')) return false;
  return inodeOf(join(`/proc/${pid}/root`, home)) !== inodeOf(home);
}

function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** The account of a uid, or the uid itself where there is none: for people. */
export function nameOf(uid: number): string {
  return accountByUid(uid)?.name ?? `uid ${uid}`;
}

function socketFile(path: string): DaemonFacts['socketFile'] {
  try {
    const stat = lstatSync(path);
    return stat.isSocket() ? { uid: stat.uid, user: nameOf(stat.uid), gid: stat.gid, mode: stat.mode & 0o7777 } : null;
  } catch {
    return null;
  }
}
