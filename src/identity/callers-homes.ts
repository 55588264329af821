import { realpathOrSelf } from '../runtime/peek.ts';
import { accountByUid } from './accounts.ts';
import { homeDirectories, type HomeDirectories } from './callers-paths.ts';

/**
 * The home directories of the one who calls: the user's own and, behind sudo, the login user's, each also by its path
 * without symlinks.
 *
 * @param passwdHome of the caller; null: there is no such account
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
