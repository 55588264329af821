import { answers } from './checks/answers.ts';
import { neverSpawned, strayApps, twins, usernames } from './checks/apps.ts';
import { changeableCode, severalVersions } from './checks/copies.ts';
import { ciVariables, overrides, wrongHomeVariable } from './checks/daemon-environment.ts';
import { doubleBoots } from './checks/double-boot.ts';
import { failedUnits } from './checks/failed-unit.ts';
import { exposedPm2Homes } from './checks/exposed-home.ts';
import { foreignFiles } from './checks/foreign-files.ts';
import { formerBoots } from './checks/former-boot.ts';
import { ghosts } from './checks/ghosts.ts';
import { guardItself } from './checks/guard.ts';
import { impossiblePm2Homes } from './checks/homeless.ts';
import { movingPm2Home } from './checks/moving-home.ts';
import { oddFiles } from './checks/odd-files.ts';
import { unreachable } from './checks/one-home.ts';
import { openSocket } from './checks/open-socket.ts';
import { outsideUnit } from './checks/outside-unit.ts';
import { strangeLists } from './checks/saved-list.ts';
import { absentDaemon, savedListChecks } from './checks/saved.ts';
import { socketlessDaemons } from './checks/socketless.ts';
import { staleFiles } from './checks/stale-files.ts';
import { lingering, unbootedDaemons } from './checks/unbooted.ts';
import { undeclaredBoots } from './checks/undeclared-boot.ts';
import { pm2HomesOfUnits } from './checks/unit-home.ts';
import { unitUsers } from './checks/unit-user.ts';
import { nodes, pm2Versions } from './checks/versions.ts';
import { unmakeablePm2HomesCheck } from './checks/unmakeable.ts';
import { vanishingPrograms } from './checks/vanishing.ts';
import { foreignPm2HomeCheck, foreignSocket, undeclaredDaemon } from './checks/whose-daemon.ts';
import type { Check } from './finding.ts';

export const checks: readonly Check[] = [
  foreignSocket,
  foreignPm2HomeCheck,
  unreachable,
  socketlessDaemons,
  undeclaredDaemon,
  answers,
  ciVariables,
  overrides,
  wrongHomeVariable,
  outsideUnit,
  pm2Versions,
  nodes,
  openSocket,
  absentDaemon,
  strayApps,
  twins,
  ghosts,
  savedListChecks,
  usernames,
  neverSpawned,
  staleFiles,
  foreignFiles,
  impossiblePm2Homes,
  movingPm2Home,
  exposedPm2Homes,
  strangeLists,
  oddFiles,
  unmakeablePm2HomesCheck,
  pm2HomesOfUnits,
  doubleBoots,
  formerBoots,
  unitUsers,
  undeclaredBoots,
  unbootedDaemons,
  failedUnits,
  lingering,
  changeableCode,
  severalVersions,
  vanishingPrograms,
  guardItself,
];
