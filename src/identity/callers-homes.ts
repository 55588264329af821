import { realpathOrSelf } from '../runtime/peek.ts';
import { accountByUid } from './accounts.ts';
import { homeDirectories, type HomeDirectories } from './callers-paths.ts';

/**
 * The home directories of the caller and, behind sudo, of the login user, also with symlinks resolved.
 * @param owners home directory of the user who gets the variables
 */
export function callersHomes(env: NodeJS.ProcessEnv, passwdHome: string | null, owners: string): HomeDirectories {
  const { SUDO_HOME, SUDO_UID = '' } = env;
  const login = SUDO_HOME ?? (/^\d+$/.test(SUDO_UID) ? accountByUid(Number(SUDO_UID))?.home : undefined);
  const homes = [passwdHome, login].flatMap((home) =>
    home === null || home === undefined ? [] : [home, realpathOrSelf(home)],
  );
  return homeDirectories(homes, owners);
}
