import type { Account } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Uid } from '../runtime/brands.ts';
import type { SudoRun } from './command-line.ts';
import type { Payload } from './payload.ts';

export function freshLogin({ homeDirectory, name, shell }: Account): NodeJS.ProcessEnv {
  return { HOME: homeDirectory, USER: name, LOGNAME: name, SHELL: shell, PATH: SYSTEM_PATH };
}

/**
 * The environment of the command with env_reset and secure_path, as Debian ships sudo (sudoers(5) "Command
 * environment"). A caller who cannot read sudoers does not know the host's env_keep.
 */
export function sudoEnvironment(
  call: SudoRun,
  env: NodeJS.ProcessEnv,
  { uid, name }: { uid: Uid; name: string },
  target: Account,
): NodeJS.ProcessEnv {
  const fresh = freshLogin(target);
  // -E also keeps HOME (T11), unless -H is given.
  const kept = call.keepEnvironment
    ? { ...fresh, ...env, USER: target.name, LOGNAME: target.name, PATH: SYSTEM_PATH }
    : fresh;
  const result: NodeJS.ProcessEnv = { ...kept, SUDO_USER: name, SUDO_UID: String(uid) };
  if (call.options.some(({ letter }) => letter === 'H')) result['HOME'] = target.homeDirectory;
  for (const variable of call.keep) if (env[variable] !== undefined) result[variable] = env[variable];
  for (const { name: variable, value } of call.assignments) result[variable] = value;
  return result;
}

export function payloadEnvironment({ sets, cleared }: Payload, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result: NodeJS.ProcessEnv = cleared ? {} : { ...env };
  for (const { name, value } of sets) {
    if (value === null) Reflect.deleteProperty(result, name);
    else result[name] = value;
  }
  return result;
}
