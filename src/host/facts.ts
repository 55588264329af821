import { isRootBySudo } from '../identity/caller.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { daemonFacts, type DaemonFacts } from './daemon-facts.ts';
import { homesOnHost, type Home } from './homes.ts';
import { liveDaemons } from './live-daemons.ts';
import { portsByPid } from './ports.ts';
import { readProcesses } from './processes.ts';
import { pm2Units, type Unit } from './units.ts';

/** A home that could hold a daemon, whether one lives there or not. */
export type HomeFacts = Home;

/** Everything that was seen of this host, once. Whoever judges it needs no further look: no I/O happens after this. */
export interface HostFacts {
  /** When it was looked at, in milliseconds since the epoch. */
  time: number;
  asRoot: boolean;
  /** Living daemons, by home. */
  daemons: DaemonFacts[];
  homes: HomeFacts[];
  units: Unit[];
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
  const daemons = await Promise.all(liveDaemons(processes).map((daemon) => daemonFacts(daemon, processes, ports)));
  return {
    time: Date.now(),
    asRoot,
    daemons: daemons.filter(({ failure }) => failure?.type !== 'nonsense').sort((a, b) => (a.home < b.home ? -1 : 1)),
    homes: homesOnHost(),
    units: pm2Units(),
    ...policyFacts(),
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
