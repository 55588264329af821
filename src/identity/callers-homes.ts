import { asUid } from '../runtime/brands.ts';
import { realpathOrSelf } from '../runtime/peek.ts';
import { accountByUid } from './accounts.ts';
import { homeDirectories, type HomeDirectories } from './callers-paths.ts';

/** Of the caller and, behind sudo, of the login user, also with symlinks resolved. `owners`: the new user's. */
export function callersHomeDirectories(
  env: NodeJS.ProcessEnv,
  homeDirectory: string | null,
  owners: string,
): HomeDirectories {
  const { SUDO_HOME, SUDO_UID = '' } = env;
  const login =
    SUDO_HOME ?? (/^\d+$/.test(SUDO_UID) ? accountByUid(asUid(Number(SUDO_UID)))?.homeDirectory : undefined);
  const homes = [homeDirectory, login].flatMap((directory) =>
    directory === null || directory === undefined ? [] : [directory, realpathOrSelf(directory)],
  );
  return homeDirectories(homes, owners);
}
