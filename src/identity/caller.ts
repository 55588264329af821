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
  const behind = behindSudo(euid, env) ?? (euid === 0 ? loginUser : null);
  const login = behind === user ? null : behind;
  return { uid: euid, user, passwdHome: account?.home ?? null, login, rootBySudo: euid === 0 && login !== null };
}

/** Who became the caller, by the variables that the programs for it leave. */
function behindSudo(euid: number, env: NodeJS.ProcessEnv): string | null {
  const sudoUid = env['SUDO_UID'] ?? '';
  if (sudoUid !== '') return sudoUid === String(euid) ? null : env['SUDO_USER'] ?? `#${sudoUid}`; // run0 sets them too
  const pkexecUid = env['PKEXEC_UID'] ?? '';
  return env['DOAS_USER'] ?? (pkexecUid === '' ? null : `#${pkexecUid}`);
}

/** Root, and SUDO_UID names somebody else. */
export function isRootBySudo(euid: number, env: NodeJS.ProcessEnv): boolean {
  const sudoUid = env['SUDO_UID'] ?? '';
  return euid === 0 && sudoUid !== '' && sudoUid !== '0';
}
