import type { Account } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { SudoRun } from './command-line.ts';
import type { Payload } from './payload.ts';

/** The environment that a login of this account begins with. */
export function freshLogin({ home, name, shell }: Account): NodeJS.ProcessEnv {
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell, PATH: SYSTEM_PATH };
}

/**
 * The environment in which sudo runs the command, as Debian ships it: env_reset and secure_path (sudoers(5) "Command
 * environment"). What else a host's env_keep lets through is not known to a caller who cannot read sudoers.
 *
 * @param env the environment of the call of sudo
 * @param uid who calls it
 */
export function sudoEnvironment(
  call: SudoRun,
  env: NodeJS.ProcessEnv,
  { uid, name }: { uid: number; name: string },
  target: Account,
): NodeJS.ProcessEnv {
  const fresh = freshLogin(target);
  // -E keeps HOME as well (T11), unless -H is there.
  const kept = call.keepEnvironment
    ? { ...fresh, ...env, USER: target.name, LOGNAME: target.name, PATH: SYSTEM_PATH }
    : fresh;
  const result: NodeJS.ProcessEnv = { ...kept, SUDO_USER: name, SUDO_UID: String(uid) };
  if (call.options.some(({ letter }) => letter === 'H')) result['HOME'] = target.home;
  for (const variable of call.keep) if (env[variable] !== undefined) result[variable] = env[variable];
  for (const { name: variable, value } of call.assignments) result[variable] = value;
  return result;
}

/** What the wrappers around pm2 make of an environment. */
export function payloadEnvironment({ sets, cleared }: Payload, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = cleared ? {} : { ...env };
  for (const { name, value } of sets) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = value;
  }
  return result;
}
