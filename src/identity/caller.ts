import type { Account } from './accounts.ts';

/** Who calls, by the kernel's word (uids) and by sudo's (the login user). Nothing of PM2 in here. */
export interface Person {
  uid: number;
  /** Account name of the effective uid; `#1234` where no account has it. */
  user: string;
  /** Home directory from passwd; null where there is no account. Not $HOME: that is the environment's claim. */
  passwdHome: string | null;
  /** The user behind sudo, doas, pkexec, run0 or `su`, where that made the caller what it is; else null. */
  login: string | null;
  /** Root only because another user became root. */
  rootBySudo: boolean;
}

/**
 * @param euid effective uid
 * @param account its passwd entry, null where there is none
 * @param env the caller's environment. What sudo(8), doas(1) and pkexec(1) set in it are claims: they are used only to
 * be
 *   stricter with root, never to allow anything.
 * @param loginUser who logged in by the kernel's word (loginUserOf); null: not known
 */
export function personOf(
  euid: number,
  account: Account | null,
  env: NodeJS.ProcessEnv,
  loginUser: string | null = null,
): Person {
  const user = account?.name ?? `#${euid}`;
  const behind = behindSudo(euid, env) ?? behindOthers(euid, env, loginUser);
  const login = behind === user ? null : behind;
  return { uid: euid, user, passwdHome: account?.home ?? null, login, rootBySudo: euid === 0 && login !== null };
}

/** Who became the caller by sudo or run0, which set these in every case: what the user had there before is gone. */
function behindSudo(euid: number, env: NodeJS.ProcessEnv): string | null {
  const sudoUid = env['SUDO_UID'] ?? '';
  return sudoUid === '' || sudoUid === String(euid) ? null : (env['SUDO_USER'] ?? `#${sudoUid}`);
}

/**
 * Who became the caller by doas, pkexec or su. `su` keeps the variables of the first two as its user had set them, so
 * the kernel's word goes before. Where it knows of no login (a service, a container), they are believed of root alone.
 */
function behindOthers(euid: number, env: NodeJS.ProcessEnv, loginUser: string | null): string | null {
  const pkexecUid = env['PKEXEC_UID'] ?? '';
  const claimed = env['DOAS_USER'] ?? (pkexecUid === '' ? null : `#${pkexecUid}`);
  if (euid === 0) return loginUser ?? claimed;
  return claimed === null ? null : loginUser;
}

/** Whether the environment says that another program than sudo changed the user. */
export function saysOtherWay(env: NodeJS.ProcessEnv): boolean {
  return env['DOAS_USER'] !== undefined || env['PKEXEC_UID'] !== undefined;
}

/** Root, and SUDO_UID names somebody else. */
export function isRootBySudo(euid: number, env: NodeJS.ProcessEnv): boolean {
  const sudoUid = env['SUDO_UID'] ?? '';
  return euid === 0 && sudoUid !== '' && sudoUid !== '0';
}
