import { SYSTEM_PATH } from '../identity/environment.ts';
import { gatherFacts, type HostFacts } from '../host/facts.ts';
import { brokenParts, changeableParts } from '../install/intact.ts';
import { installHealth, type InstallHealth } from '../install/status.ts';
import { programs, type Program } from './programs.ts';
import { unmakeablePm2Homes, type Unmakeable } from '../policy/unmakeable.ts';
import { sealStates } from '../seal/seals.ts';
import type { Distrust } from '../trust/trust.ts';

export interface GuardFacts {
  status: InstallHealth;
  /** Missing or broken parts. Also empty without an installation. */
  broken: string[];
  /** Parts that users other than root can change. */
  changeable: Distrust[];
  /** Packages of PM2 that are sealed or should be. */
  seals: ReturnType<typeof sealStates>;
  /** Recorded programs that are gone or will be removed. */
  programs: Program[];
  unmakeable: Unmakeable[];
}

export interface DoctorFacts extends HostFacts {
  guard: GuardFacts;
}

export async function gatherDoctorFacts(): Promise<DoctorFacts> {
  const looking = gatherFacts();
  // A later turn of the event loop, because this blocks and would delay the requests to the daemons.
  await new Promise((turned) => {
    setImmediate(turned);
  });
  const [host, own] = await Promise.all([looking, installHealth()]);
  const installed = own.installed !== null;
  const guard = {
    status: own,
    broken: installed ? brokenParts() : [],
    changeable: installed ? changeableParts() : [],
    seals: sealStates(SYSTEM_PATH),
    programs: installed ? programs(host.policy) : [],
    unmakeable: unmakeablePm2Homes(host.policy?.daemons ?? []),
  };
  return { ...host, guard };
}
