import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRootBySudo } from '../identity/caller.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { findRealPm2, type InstalledPm2 } from '../pm2/installed.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { AT_ONCE, dumpReader, freshBudget, inFairOrder, Shares } from './budget.ts';
import { daemonFacts, type DaemonFacts } from './daemon-facts.ts';
import { concurrently } from './concurrently.ts';
import { bootFacts, type BootFacts } from './boot.ts';
import { copiesOnHost, type InstalledCopy } from './copies.ts';
import { readEnvironments, type Ghost } from './ghosts.ts';
import { homeFacts, type Pm2HomeFacts } from './home-facts.ts';
import { homesOnHost } from './homes.ts';
import { liveDaemons } from './live-daemons.ts';
import { listeningPorts, portsByPid, type Listener } from './ports.ts';
import { isDaemonOf } from './pm2-process.ts';
import { exeOf } from './process-facts.ts';
import { readProcesses, type Processes } from './processes.ts';
import { servedDirectories } from './served.ts';
import { boundPaths, networkTables } from './sockets.ts';
import type { Unit } from './units.ts';

/** What lives on this host, by the kernel and by the daemons' own word. */
export interface LivingFacts {
  /** When it was looked at, in milliseconds since the epoch. */
  time: number;
  asRoot: boolean;
  processes: Processes;
  /** TCP ports that are listened on; whoever holds the socket is in `processes`, as far as the caller may know. */
  listeners: Listener[];
  /** Living daemons, by home; of several in one (T33) first the one that pm2 reaches. */
  daemons: DaemonFacts[];
  /** Apps without a daemon. */
  ghosts: Ghost[];
  /** What should be; null: there is no config that can be used. */
  policy: Policy | null;
  /** Why the policy is none, or an old one: as people read it, escaped. */
  policyProblem: string | null;
  /** What could not be looked at, a sentence each; empty: everything was. */
  unseen: string[];
}

/** Everything that was seen of this host, once. Whoever judges it needs no further look: no I/O happens after this. */
export interface HostFacts extends LivingFacts {
  homes: Pm2HomeFacts[];
  units: Unit[];
  /** All else that brings daemons up. */
  boot: Omit<BootFacts, 'units'>;
  /** Every pm2 and node. */
  copies: InstalledCopy[];
  /** The pm2 that a fresh login finds; null: none. */
  commandLine: InstalledPm2 | null;
}

/** Looks at what lives: spawns nothing, writes nothing, and waits for no daemon longer than some seconds. */
export async function gatherLiving(): Promise<LivingFacts> {
  return (await lookAround()).living;
}

/** Looks at the whole host, as gatherLiving. */
export async function gatherFacts(): Promise<HostFacts> {
  const { living, policy, processes, places, exes } = await lookAround();
  // One turn of the event loop, and the questions are with the daemons: they gather their answers while files are read
  // here.
  await new Promise((turned) => {
    setImmediate(turned);
  });
  const { units, ...boot } = bootFacts();
  const [served, bound] = [servedDirectories(), boundPaths(networkTables(processes, 'unix'))];
  const mayRead = dumpReader();
  const cron = boot.crontabs
    .map(({ home, userHome }) => home ?? join(userHome, '.pm2'))
    .filter((home) => existsSync(home));
  const homes = homesOnHost([...places, ...cron], [...units, ...boot.userUnits]).map((home) =>
    homeFacts(home, policy, served, bound, mayRead),
  );
  const programs = [
    ...[...units, ...boot.userUnits].map(({ start }) => start[0]),
    ...(policy?.daemons ?? []).flatMap(({ pm2, node }) => [pm2, node]),
    ...exes,
  ].filter((file) => file != null);
  const copies = copiesOnHost(programs);
  return { ...(await living), homes: await Promise.all(homes), units, boot, copies, commandLine: commandLine() };
}

/** Where the guard is, the pm2 behind it. */
function commandLine(): InstalledPm2 | null {
  const found = findRealPm2({ recorded: null, path: SYSTEM_PATH, skip: [], asRoot: false });
  return found.type === 'found' ? found : null;
}

/** PM2_HOMEs of living daemons that are looked into, beyond those of the config. */
const MOST_HOMES_OF_A_USER = 50;

/**
 * Reads the kernel's tables, and asks every daemon. `places`, `exes`: homes that were seen on the way, and what the
 * daemons run.
 */
async function lookAround(): Promise<{
  living: Promise<LivingFacts>;
  policy: Policy | null;
  processes: Processes;
  places: string[];
  exes: (string | null)[];
}> {
  const time = Date.now();
  const asRoot = process.geteuid?.() === 0;
  const processes = readProcesses();
  const listeners = listeningPorts(processes);
  const ports = portsByPid(processes, listeners);
  const { policy, policyProblem } = policyFacts();
  const live = await liveDaemons(processes);
  const declared = policy?.daemons ?? [];
  const budget = freshBudget();
  const answers = concurrently(AT_ONCE, inFairOrder(live, declared), (daemon) =>
    daemonFacts(daemon, processes, ports, declared, budget),
  );
  const { ghosts, homes } = readEnvironments(processes, new Set(live.flatMap(({ pid }) => pid ?? [])), ports);
  const living = answers.then((all) => {
    const daemons = all
      .filter((daemon) => isDaemon(daemon))
      .sort((a, b) => (a.home === b.home ? Number(b.reachable) - Number(a.reachable) : a.home < b.home ? -1 : 1));
    return {
      time,
      asRoot,
      processes,
      listeners,
      daemons,
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
    places: [...[...(policy?.daemons ?? []), ...looked].map(({ home }) => home), ...homes],
  };
}

/**
 * Whether this is a daemon of PM2: the kernel says that its socket's file is its own user's, or the process shows
 * itself to be the daemon of this home. What does not speak as PM2 either is another program.
 */
function isDaemon({ failure, process: god, home, reachable, socketFile, uid }: DaemonFacts): boolean {
  if (god === null) return failure?.type !== 'nonsense';
  const owned = reachable && (socketFile === null || socketFile.uid === uid);
  return (owned && failure?.type !== 'nonsense') || isDaemonOf(god, home);
}

function unseen(daemons: readonly DaemonFacts[]): string[] {
  const closed = daemons.filter(({ failure }) => failure?.type === 'denied');
  return [
    'processes, sockets and files of other users can be looked into by root only',
    ...closed.map(({ user, home }) => `the daemon of ${user ?? 'somebody'} in ${home} does not tell you its apps`),
  ];
}

/** Asks as nobody in particular: to look must not renew the compiled policy. */
function policyFacts(): Pick<HostFacts, 'policy' | 'policyProblem'> {
  const loaded = loadPolicy(
    { env: process.env, euid: -1, rootBySudo: isRootBySudo(process.geteuid?.() ?? -1, process.env) },
    () => slow,
  );
  switch (loaded.type) {
    case 'policy':
      return { policy: loaded.policy, policyProblem: loaded.warnings[0] ?? null };
    case 'unusable':
      return { policy: null, policyProblem: formatConfigError(loaded.error) };
  }
}
