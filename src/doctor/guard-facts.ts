import { SYSTEM_PATH } from '../identity/environment.ts';
import { gatherFacts, type HostFacts } from '../host/facts.ts';
import { brokenParts, changeableParts } from '../install/intact.ts';
import { standing, type InstallHealth } from '../install/status.ts';
import { programs, type Program } from './programs.ts';
import { unmakeableHomes, type Unmakeable } from '../policy/unmakeable.ts';
import { sealStates } from '../seal/seals.ts';
import type { Distrust } from '../trust/trust.ts';

/** How pm2-guard itself stands on this host. */
export interface GuardFacts {
  status: InstallHealth;
  /** What is missing or broken of the installation; empty also where there is none. */
  broken: string[];
  /** What of it others than root can change. */
  changeable: Distrust[];
  /** Packages of PM2 that are sealed, or were to be. */
  seals: ReturnType<typeof sealStates>;
  /** What it starts by a path, and is gone or will be. */
  programs: Program[];
  /** Declared PM2_HOMEs that are not there, and that their users cannot make. */
  unmakeable: Unmakeable[];
}

/** All that is examined. */
export interface DoctorFacts extends HostFacts {
  guard: GuardFacts;
}

/** Looks at the host, and at the guard in it. */
export async function gatherDoctorFacts(): Promise<DoctorFacts> {
  const looking = gatherFacts();
  // Not in the same turn of the event loop: what it waits for would keep the daemons' questions from being sent.
  await new Promise((turned) => {
    setImmediate(turned);
  });
  const [host, own] = await Promise.all([looking, standing()]);
  const installed = own.installed !== null;
  const guard = {
    status: own,
    broken: installed ? brokenParts() : [],
    changeable: installed ? changeableParts() : [],
    seals: sealStates(SYSTEM_PATH),
    programs: installed ? programs(host.policy) : [],
    unmakeable: unmakeableHomes(host.policy?.daemons ?? []),
  };
  return { ...host, guard };
}
