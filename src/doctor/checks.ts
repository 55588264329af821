import { changeableCode, severalVersions } from './checks/copies.ts';
import { doubleBoots } from './checks/double-boot.ts';
import { exposedHomes } from './checks/exposed-home.ts';
import { foreignFiles } from './checks/foreign-files.ts';
import { foreignSocket } from './checks/foreign-socket.ts';
import { fossilBoots } from './checks/fossil-boot.ts';
import { guardItself } from './checks/guard.ts';
import { homelessHomes } from './checks/homeless.ts';
import { movingHome } from './checks/moving-home.ts';
import { oddFiles } from './checks/odd-files.ts';
import { strangeLists } from './checks/saved-list.ts';
import { staleFiles } from './checks/stale-files.ts';
import { undeclaredBoots } from './checks/undeclared-boot.ts';
import { unitHomes } from './checks/unit-home.ts';
import { unitUsers } from './checks/unit-user.ts';
import type { Check } from './finding.ts';

/** Every check, in the order of their codes. */
export const checks: readonly Check[] = [
  foreignSocket,
  staleFiles, foreignFiles, homelessHomes, movingHome, exposedHomes, strangeLists, oddFiles,
  unitHomes, doubleBoots, fossilBoots, unitUsers, undeclaredBoots,
  changeableCode, severalVersions,
  guardItself,
];
