import type { Uid } from '../runtime/brands.ts';
import type { Account } from './accounts.ts';

/** The caller: ids from the kernel, and the login user that sudo and others report. */
export interface Person {
  uid: Uid;
  /** Account of the effective uid; `#1234` if there is none. */
  user: string;
  /** From passwd, because $HOME can be set to anything. Null: no account. */
  homeDirectory: string | null;
  /** The user who became the caller by sudo, doas, pkexec, run0 or `su`. Null: none. */
  login: string | null;
  /** Another user became root. */
  rootBySudo: boolean;
}

/** Variables of sudo, doas and pkexec can be forged, so they only make the guard stricter with root. */
export function personOf(
  euid: Uid,
  account: Account | null,
  env: NodeJS.ProcessEnv,
  loginUser: string | null = null,
): Person {
  const user = account?.name ?? `#${euid}`;
  const behind = behindSudo(euid, env) ?? behindOthers(euid, env, loginUser);
  const login = behind === user ? null : behind;
  return {
    uid: euid,
    user,
    homeDirectory: account?.homeDirectory ?? null,
    login,
    rootBySudo: euid === 0 && login !== null,
  };
}

/** sudo and run0 set these variables anew. In other calls a user can forge them, and is then trusted less. */
function behindSudo(euid: Uid, env: NodeJS.ProcessEnv): string | null {
  const sudoUid = env['SUDO_UID'] ?? '';
  return sudoUid === '' || sudoUid === String(euid) ? null : (env['SUDO_USER'] ?? `#${sudoUid}`);
}

/** `su` keeps forged variables, so the kernel's login user counts. Without one, variables count for root only. */
function behindOthers(euid: Uid, env: NodeJS.ProcessEnv, loginUser: string | null): string | null {
  const pkexecUid = env['PKEXEC_UID'] ?? '';
  const claimed = env['DOAS_USER'] ?? (pkexecUid === '' ? null : `#${pkexecUid}`);
  if (euid === 0) return loginUser ?? claimed;
  return claimed === null ? null : loginUser;
}

/** Whether another program than sudo changed the user, by the environment. */
export function hasDoasOrPkexec(env: NodeJS.ProcessEnv): boolean {
  return env['DOAS_USER'] !== undefined || env['PKEXEC_UID'] !== undefined;
}

export function isRootBySudo(euid: Uid, env: NodeJS.ProcessEnv): boolean {
  const sudoUid = env['SUDO_UID'] ?? '';
  return euid === 0 && sudoUid !== '' && sudoUid !== '0';
}
