import { existsSync, lstatSync } from 'node:fs';
import { liveDaemons, type LiveDaemon } from '../host/daemons/live-daemons.ts';
import { pm2HomesOnHost } from '../host/homes/homes.ts';
import { portsByPid } from '../host/daemons/ports.ts';
import { environmentOf } from '../host/processes/process-facts.ts';
import { descendants, readProcesses, type Processes } from '../host/processes/processes.ts';
import { accountByUid } from '../identity/accounts.ts';
import { dumpFile } from '../pm2/home.ts';
import { isModule, type Pm2Env } from '../pm2/record.ts';
import { askDaemon } from '../pm2/rpc.ts';
import { asPid, asUid, type Pid, type Pm2Home, type Uid } from '../runtime/brands.ts';
import { readTextOrEmpty, realpathOrSelf } from '../runtime/peek.ts';
import { startOf } from '../runtime/process-start.ts';
import { findUntrusted } from '../trust/trust.ts';
import { isNamed, plainIn, processesIn, savedRecords, textIn, type NamedProcess } from './records.ts';
import type { Seat } from './seat.ts';

/** A daemon or a saved list on this host. */
export interface AppSource {
  /** As in MoveSource (move.ts). */
  state: 'live' | 'lost' | 'saved';
  /** Physical path of the PM2_HOME, if it exists. */
  pm2Home: Pm2Home;
  /** The user and PM2_HOME of the daemon. Null: the uid has no account. */
  seat: Seat | null;
  pid: Pid | null;
  started: string | null;
  /** The running processes, or the saved ones if no daemon runs; without modules. */
  processes: NamedProcess[];
  modules: string[];
  /** The records of its list; null: there is no list. */
  saved: Pm2Env[] | null;
  /** A user other than root can change what this source says of its apps. */
  foreign: boolean;
  /** The user who may write its files (MoveSource.keeper). */
  keeper: Seat | null;
  /** Why a running daemon does not answer. */
  trouble: string | null;
  /** TCP ports that the daemon itself holds for its apps in cluster mode. */
  ports: number[];
}

export interface HostInventory {
  places: AppSource[];
  /** TCP ports of a process and of its descendants. The pid is the one that the daemon reported. It may be wrong. */
  portsOf: (named: number) => number[];
  holdersOf: (port: number) => { pid: Pid; uid: Uid }[];
  /** A process and its descendants. The pid is the one that the daemon reported. */
  below: (named: number) => Pid[];
}

const ASK_MS = 5000;

/**
 * All daemons and saved lists of this host, with the full records of their processes. It changes nothing.
 * @param more further PM2_HOMEs, from the config and the command line
 */
export async function find(more: readonly Pm2Home[]): Promise<HostInventory> {
  const processes = readProcesses();
  const ports = portsByPid(processes);
  // Apps in containers are not moved.
  const live = (await liveDaemons(processes)).filter(({ elsewhere }) => !elsewhere);
  const places = await Promise.all(live.map((daemon) => livePlace(daemon, processes, ports)));
  const awake = places.filter((place) => place !== null);
  const pm2Homes = [
    ...new Set([...pm2HomesOnHost().map(({ pm2Home }) => pm2Home), ...more].map((one) => realpathOrSelf(one))),
  ];
  const asleep = pm2Homes.filter(
    (pm2Home) =>
      existsSync(dumpFile(pm2Home)) && !awake.some((place) => place.state === 'live' && place.pm2Home === pm2Home),
  );
  return {
    places: [...awake, ...asleep.map((pm2Home) => savedPlace(pm2Home, dumpFile(pm2Home)))],
    portsOf: (named) => [...new Set(descendants(processes, asPid(named)).flatMap((one) => ports.get(one.pid) ?? []))],
    holdersOf: (port) =>
      [...ports].filter(([, held]) => held.includes(port)).flatMap(([pid]) => processes.byPid.get(pid) ?? []),
    below: (named) => descendants(processes, asPid(named)).map((one) => one.pid),
  };
}

/** The daemon of this user and PM2_HOME; null: none runs, or its socket is gone. */
export function liveDaemonOf({ pm2Home, uid }: Seat, { places }: HostInventory): AppSource | null {
  return places.find((one) => one.state === 'live' && one.pm2Home === pm2Home && one.seat?.uid === uid) ?? null;
}

async function livePlace(
  daemon: LiveDaemon,
  processes: Processes,
  ports: ReadonlyMap<Pid, number[]>,
): Promise<AppSource | null> {
  const { pid, uid, pm2Home, reachable } = daemon;
  const common = {
    pm2Home: realpathOrSelf(pm2Home),
    seat: uid === null ? null : seatOf(uid, realpathOrSelf(pm2Home)),
    pid,
    started: pid === null ? null : startOf(pid),
    saved: savedRecords(dumpFile(pm2Home)),
    foreign: isForeign(uid, daemon.socket, pm2Home),
    keeper: keeperOf(realpathOrSelf(pm2Home)),
    ports: pid === null ? [] : (ports.get(pid) ?? []),
  };
  if (!reachable)
    return { ...common, state: 'lost', processes: childrenOf(daemon, processes), modules: [], trouble: null };
  const reply = await askDaemon(daemon.socket, 'getMonitorData', {}, { timeoutMs: ASK_MS });
  const listed = processesIn(reply);
  if (listed === null) {
    // Another program has a socket of this name.
    if (reply.type === 'dead' || reply.type === 'nonsense') return null;
    return {
      ...common,
      state: 'live',
      processes: [],
      modules: [],
      trouble: reply.type === 'denied' ? 'you have no access to its socket' : 'it does not answer',
    };
  }
  // PM2 starts every app as its own child. Other processes belong to another daemon, and the socket is a link to it.
  const strange = listed.some((one) => one.pid > 0 && (processes.byPid.get(asPid(one.pid))?.parent ?? pid) !== pid);
  if (strange && pid !== null)
    return { ...common, state: 'live', processes: [], modules: [], trouble: 'its socket answers for another daemon' };
  return {
    ...common,
    state: 'live',
    processes: listed.filter(({ record }) => !isModule(record)),
    modules: [...new Set(listed.filter(({ record }) => isModule(record)).map(({ record }) => record.name))],
    trouble: null,
  };
}

/** A list without a daemon. Its processes are numbered from -1 downwards, ids that PM2 never gives. */
export function savedPlace(pm2Home: Pm2Home, file: string): AppSource {
  const saved = savedRecords(file);
  const owner = ownerOf(file);
  return {
    state: 'saved',
    pm2Home: realpathOrSelf(pm2Home),
    seat: owner === null ? null : seatOf(owner, realpathOrSelf(pm2Home)),
    pid: null,
    started: null,
    processes: (saved ?? []).map((record, at) => ({ pmId: -1 - at, pid: 0, record })),
    modules: [],
    saved,
    foreign: isForeign(owner, file, pm2Home),
    keeper: keeperOf(realpathOrSelf(pm2Home)),
    trouble: null,
    ports: [],
  };
}

/**
 * The apps of a daemon that does not answer, from the environments of its children. PM2 spreads the record over the
 * environment (God/ForkMode.js), or stores it there as JSON (God/ClusterMode.js). That is enough for a plan. Stopped
 * apps and the arguments of node programs are only in the daemon's own list.
 */
function childrenOf({ pid }: LiveDaemon, processes: Processes): NamedProcess[] {
  return (pid === null ? [] : (processes.children.get(pid) ?? [])).flatMap((child) => {
    const env = environmentOf(child.pid) ?? {};
    const record = env.pm2_env === undefined ? withArguments({ ...env, env: {} }, child.pid) : parsed(env.pm2_env);
    if (!isNamed(record)) return [];
    const pmId = Number(plainIn(record, 'pm_id') ?? NaN);
    return Number.isSafeInteger(pmId) ? [{ pmId, pid: child.pid, record: { ...record, status: 'online' } }] : [];
  });
}

/** The arguments of a program from /proc. node's title may overwrite them (lib/ProcessContainerFork.js). */
function withArguments(record: Pm2Env, pid: Pid): Pm2Env {
  const words = readTextOrEmpty(`/proc/${pid}/cmdline`).split('\0').slice(0, -1);
  const at = words.indexOf(textIn(record, 'pm_exec_path'));
  return at === -1 ? record : { ...record, args: words.slice(at + 1) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function seatOf(uid: Uid, pm2Home: Pm2Home): Seat | null {
  const account = accountByUid(uid);
  if (account === null) return null;
  const { name, gid, homeDirectory, shell } = account;
  return { label: `${name} in ${pm2Home}`, user: name, uid, gid, homeDirectory, shell, pm2Home };
}

/** A record of root's daemon can be trusted only if only root can reach the socket and the files (T12). */
function isForeign(uid: Uid | null, file: string, pm2Home: Pm2Home): boolean {
  return uid !== 0 || findUntrusted(pm2Home, 'directory') !== null || ownerOf(file) !== 0;
}

/** The owner of the directory. It counts as root only if every parent directory is root's too. */
function keeperOf(pm2Home: Pm2Home): Seat | null {
  const uid = ownerOf(pm2Home);
  if (uid === null || (uid === 0 && findUntrusted(pm2Home, 'directory') !== null)) return null;
  return seatOf(uid, pm2Home);
}

function ownerOf(path: string): Uid | null {
  try {
    return asUid(lstatSync(path).uid);
  } catch {
    return null;
  }
}
