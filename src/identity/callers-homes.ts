import { asUid } from '../runtime/brands.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { accountByName, accountByUid, type Account } from './accounts.ts';
import { homeDirectories, type HomeDirectories } from './callers-paths.ts';
import { loginUser } from './login-user.ts';

/**
 * Of the caller and of the user behind sudo, doas, pkexec, run0 or `su`, also with symlinks resolved.
 * @param owners home directory of the new user
 */
export function callersHomeDirectories(
  env: NodeJS.ProcessEnv,
  homeDirectory: string | null,
  owners: string,
): HomeDirectories {
  const directories = [homeDirectory, env['SUDO_HOME'] ?? personBehind(env)?.homeDirectory].flatMap((directory) =>
    directory === null || directory === undefined ? [] : [directory, realpathOrSelf(directory)],
  );
  return homeDirectories(directories, owners);
}

/** By the variables of sudo(8), else the kernel's login user, else by the variables of pkexec(1) and doas(1). */
function personBehind(env: NodeJS.ProcessEnv): Account | null {
  const { SUDO_UID, PKEXEC_UID, DOAS_USER } = env;
  return (
    accountOf(SUDO_UID) ??
    (env === process.env ? loginUser() : null) ??
    accountOf(PKEXEC_UID) ??
    (DOAS_USER === undefined ? null : accountByName(DOAS_USER))
  );
}

function accountOf(uid: string | undefined): Account | null {
  return uid !== undefined && /^\d+$/.test(uid) ? accountByUid(asUid(Number(uid))) : null;
}
