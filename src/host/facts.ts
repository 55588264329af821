import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRootBySudo } from '../identity/caller.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { daemonFacts, type DaemonFacts } from './daemon-facts.ts';
import { bootFacts, type BootFacts } from './boot.ts';
import { copiesOnHost, type Copy } from './copies.ts';
import { homeFacts, type HomeFacts } from './home-facts.ts';
import { homesOnHost } from './homes.ts';
import { liveDaemons } from './live-daemons.ts';
import { portsByPid } from './ports.ts';
import { readProcesses } from './processes.ts';
import { servedDirectories } from './served.ts';
import { boundPaths } from './socket-state.ts';
import { networkTables } from './sockets.ts';
import type { Unit } from './units.ts';

/** Everything that was seen of this host, once. Whoever judges it needs no further look: no I/O happens after this. */
export interface HostFacts {
  /** When it was looked at, in milliseconds since the epoch. */
  time: number;
  asRoot: boolean;
  /** Living daemons, by home. */
  daemons: DaemonFacts[];
  homes: HomeFacts[];
  units: Unit[];
  /** All else that brings daemons up. */
  boot: Omit<BootFacts, 'units'>;
  /** Every pm2 and node. */
  copies: Copy[];
  /** What should be; null: there is no config that can be used. */
  policy: Policy | null;
  /** Why the policy is none, or an old one: as people read it, escaped. */
  policyProblem: string | null;
  /** What could not be looked at, a sentence each; empty: everything was. */
  unseen: string[];
}

/** Looks at the whole host: spawns nothing, writes nothing, and waits for no daemon longer than some seconds. */
export async function gatherFacts(): Promise<HostFacts> {
  const asRoot = process.geteuid?.() === 0;
  const processes = readProcesses();
  const ports = portsByPid(processes);
  const asked = await Promise.all(liveDaemons(processes).map((daemon) => daemonFacts(daemon, processes, ports)));
  const daemons = asked.filter(({ failure }) => failure?.type !== 'nonsense').sort((a, b) => (a.home < b.home ? -1 : 1));
  const { units, ...boot } = bootFacts();
  const { policy, policyProblem } = policyFacts();
  const [served, bound] = [servedDirectories(), boundPaths(networkTables(processes, 'unix'))];
  const named = [...daemons.filter(({ elsewhere }) => !elsewhere), ...policy?.daemons ?? []].map(({ home }) => home);
  const cron = boot.crontabs.map(({ home, userHome }) => home ?? join(userHome, '.pm2')).filter((home) => existsSync(home));
  return {
    time: Date.now(),
    asRoot,
    daemons,
    homes: await Promise.all(homesOnHost([...named, ...cron], [...units, ...boot.userUnits]).map((home) => homeFacts(home, policy, served, bound))),
    units, boot, policy, policyProblem,
    copies: copiesOnHost([...[...units, ...boot.userUnits].flatMap(({ start }) => start.slice(0, 1)), ...daemons.flatMap(({ process: god }) => god?.exe ?? [])]),
    unseen: asRoot ? [] : ['without root, only your own daemons and processes can be looked into; ask again with sudo'],
  };
}

/** Asks as nobody in particular: to look must not renew the compiled policy. */
function policyFacts(): Pick<HostFacts, 'policy' | 'policyProblem'> {
  const loaded = loadPolicy({ env: process.env, euid: -1, rootBySudo: isRootBySudo(process.geteuid?.() ?? -1, process.env) }, () => slow);
  switch (loaded.type) {
    case 'policy': return { policy: loaded.policy, policyProblem: loaded.warnings[0] ?? null };
    case 'unusable': return { policy: null, policyProblem: formatConfigError(loaded.error) };
  }
}
