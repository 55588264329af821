import { cannotTell } from './cannot-tell.ts';
import { deleteThenStart } from './delete-then-start.ts';
import { foreignPm2HomeRule } from './foreign-home.ts';
import { hiddenFailure } from './hidden-failure.ts';
import { keptRunner } from './kept-runner.ts';
import { noLogin } from './no-login.ts';
import { noOneDaemon } from './no-one-daemon.ts';
import { npmRunAsRoot } from './npm-run-as-root.ts';
import { npx } from './npx.ts';
import { oneUserOnly } from './one-user-only.ts';
import { overSsh } from './over-ssh.ts';
import { path } from './path.ts';
import { projectPm2 } from './project-pm2.ts';
import { reboot } from './reboot.ts';
import { rootScript } from './root-script.ts';
import { rootsDaemon } from './roots-daemon.ts';
import type { LintRule } from './rule.ts';
import { saveElsewhere } from './save-elsewhere.ts';
import { secondPm2 } from './second-pm2.ts';
import { startIfMissing } from './start-if-missing.ts';
import { startupRule } from './startup.ts';
import { twoUsers } from './two-users.ts';
import { wholeDaemon } from './whole-daemon.ts';
import { wrongPm2Home } from './wrong-pm2-home.ts';
import { wrongUser } from './wrong-user.ts';

export const rules: readonly LintRule[] = [
  wrongUser,
  wrongPm2Home,
  oneUserOnly,
  noOneDaemon,
  rootsDaemon,
  rootScript,
  twoUsers,
  saveElsewhere,
  startupRule,
  deleteThenStart,
  startIfMissing,
  projectPm2,
  npx,
  hiddenFailure,
  wholeDaemon,
  path,
  noLogin,
  foreignPm2HomeRule,
  reboot,
  overSsh,
  keptRunner,
  secondPm2,
  npmRunAsRoot,
  cannotTell,
];
