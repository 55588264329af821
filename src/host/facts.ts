import { defaultPm2Home } from '../pm2/home.ts';
import { asPm2Home, type Pm2Home } from '../runtime/brands.ts';
import { existsSync } from 'node:fs';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import { policyReader } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { AT_ONCE, dumpReader, freshBudget, inFairOrder, Shares } from './budget.ts';
import { daemonFacts, type DaemonFacts } from './daemons/daemon-facts.ts';
import { concurrently } from './concurrently.ts';
import { bootFacts, type BootFacts } from './boot/boot.ts';
import { copiesOnHost, type InstalledCopy } from './installations/copies.ts';
import { readEnvironments, type Ghost } from './daemons/ghosts.ts';
import { readPm2Home, type Pm2HomeFacts } from './homes/home-facts.ts';
import { pm2HomesOnHost } from './homes/homes.ts';
import { liveDaemons } from './daemons/live-daemons.ts';
import { withPersonalDaemons } from './daemons/personal-daemons.ts';
import { listeningPorts, portsByPid, type Listener } from './daemons/ports.ts';
import { isDaemonOf } from './daemons/pm2-process.ts';
import { exeOf } from './processes/process-facts.ts';
import { readProcesses, type Processes } from './processes/processes.ts';
import { confirmed, suspects } from './daemons/socketless.ts';
import { servedDirectories } from './daemons/served.ts';
import { boundPaths, networkTables } from './daemons/sockets.ts';
import type { Unit } from './boot/units.ts';

export interface LivingFacts {
  /** Milliseconds since the epoch. */
  time: number;
  asRoot: boolean;
  processes: Processes;
  listeners: Listener[];
  /** Sorted by PM2_HOME. If several have one PM2_HOME (T33), the reachable one is first. */
  daemons: DaemonFacts[];
  /** By PM2_HOME. They listen on no socket, and only their own title says what they are. */
  socketless: DaemonFacts[];
  ghosts: Ghost[];
  /** With the daemons of `personal`. Null: there is no usable config. */
  policy: Policy | null;
  /** Why there is no policy or an old one, escaped. */
  policyProblem: string | null;
  /** Sentences; empty: everything was examined. */
  unseen: string[];
}

/** Everything examined on this host. Checks need no further I/O. */
export interface HostFacts extends LivingFacts {
  pm2Homes: Pm2HomeFacts[];
  units: Unit[];
  boot: Omit<BootFacts, 'units'>;
  copies: InstalledCopy[];
  commandLine: InstalledPm2 | null;
}

/** Starts no process, writes nothing, and asks each daemon with a timeout. */
export async function gatherLiving(): Promise<LivingFacts> {
  return (await lookAround()).living;
}

export async function gatherFacts(): Promise<HostFacts> {
  const { living, policy, processes, places, exes } = await lookAround();
  // One turn of the event loop sends the requests, so the daemons work while this reads files.
  await new Promise((turned) => {
    setImmediate(turned);
  });
  const { units, ...boot } = bootFacts();
  const [served, bound] = [servedDirectories(), boundPaths(networkTables(processes, 'unix'))];
  const mayRead = dumpReader();
  const cron = boot.crontabs
    .map(({ pm2Home, homeDirectory }) => (pm2Home === null ? defaultPm2Home(homeDirectory) : asPm2Home(pm2Home)))
    .filter((pm2Home) => existsSync(pm2Home));
  const pm2Homes = pm2HomesOnHost([...places, ...cron], [...units, ...boot.userUnits]).map((pm2Home) =>
    readPm2Home(pm2Home, policy, served, bound, mayRead),
  );
  const programs = [
    ...[...units, ...boot.userUnits].map(({ start }) => start[0]),
    ...(policy?.daemons ?? []).flatMap(({ pm2, node }) => [pm2, node]),
    ...exes,
  ].filter((file) => file != null);
  const copies = copiesOnHost(programs);
  return { ...(await living), pm2Homes: await Promise.all(pm2Homes), units, boot, copies, commandLine: commandLine() };
}

/** The pm2 behind the guard, if installed. */
function commandLine(): InstalledPm2 | null {
  const found = findRealPm2({ recorded: null, path: SYSTEM_PATH, skip: [], asRoot: false });
  return found.type === 'found' ? found : null;
}

const MOST_HOMES_OF_A_USER = 50;

/** `places`: each PM2_HOME seen; `exes`: the programs of the daemons. */
async function lookAround(): Promise<{
  living: Promise<LivingFacts>;
  policy: Policy | null;
  processes: Processes;
  places: Pm2Home[];
  exes: (string | null)[];
}> {
  const time = Date.now();
  const asRoot = process.geteuid?.() === 0;
  const processes = readProcesses();
  const listeners = listeningPorts(processes);
  const ports = portsByPid(processes, listeners);
  const { policy: written, policyProblem } = policyFacts();
  const live = await liveDaemons(processes);
  const policy =
    written === null
      ? null
      : withPersonalDaemons(
          written,
          live.map(({ uid }) => uid),
        );
  const declared = policy?.daemons ?? [];
  const budget = freshBudget();
  const answers = concurrently(AT_ONCE, inFairOrder(live, declared), (daemon) =>
    daemonFacts(daemon, processes, ports, declared, budget),
  );
  const listening = new Set(live.flatMap(({ pid }) => pid ?? []));
  const mute = suspects(processes, listening);
  const all = new Set([...listening, ...mute.map(({ process: { pid } }) => pid)]);
  const { ghosts, pm2Homes } = readEnvironments(processes, all, ports);
  const mutes = confirmed(mute, processes).then((found) =>
    Promise.all(found.map((daemon) => daemonFacts(daemon, processes, ports, declared, budget))),
  );
  const living = Promise.all([answers, mutes]).then(([answered, socketless]) => {
    const daemons = answered
      .filter((daemon) => isDaemon(daemon))
      .sort((a, b) =>
        a.pm2Home === b.pm2Home ? Number(b.reachable) - Number(a.reachable) : a.pm2Home < b.pm2Home ? -1 : 1,
      );
    return {
      time,
      asRoot,
      processes,
      listeners,
      daemons,
      socketless: socketless.sort((a, b) => (a.pm2Home < b.pm2Home ? -1 : 1)),
      ghosts,
      policy,
      policyProblem,
      unseen: asRoot ? [] : unseen(daemons),
    };
  });
  const shares = new Shares(MOST_HOMES_OF_A_USER);
  const looked = live.filter(({ uid }) => shares.take(uid));
  const exes = [...new Set(live.map(({ pid }) => (pid === null ? null : exeOf(pid))))];
  return {
    living,
    policy,
    processes,
    exes,
    places: [...[...(policy?.daemons ?? []), ...looked, ...mute].map(({ pm2Home }) => pm2Home), ...pm2Homes],
  };
}

/** Whether its user owns the socket file and it speaks PM2's protocol, or its process proves what it is. */
function isDaemon({ failure, process: god, pm2Home, reachable, socketFile, uid }: DaemonFacts): boolean {
  if (god === null) return failure?.type !== 'nonsense';
  const owned = reachable && (socketFile === null || socketFile.uid === uid);
  return (owned && failure?.type !== 'nonsense') || isDaemonOf(god, pm2Home);
}

function unseen(daemons: readonly DaemonFacts[]): string[] {
  const closed = daemons.filter(({ failure }) => failure?.type === 'denied');
  return [
    'processes, sockets and files of other users can be looked into by root only',
    ...closed.map(
      ({ user, pm2Home }) => `the daemon of ${user ?? 'an unknown user'} in ${pm2Home} does not tell you its apps`,
    ),
  ];
}

/** Without euid, so that the load does not renew the compiled policy. */
function policyFacts(): Pick<HostFacts, 'policy' | 'policyProblem'> {
  const loaded = loadPolicy(policyReader(), () => slow);
  switch (loaded.type) {
    case 'policy':
      return { policy: loaded.policy, policyProblem: loaded.warnings[0] ?? null };
    case 'unusable':
      return { policy: null, policyProblem: formatConfigError(loaded.error) };
  }
}
