import type { Account } from './accounts.ts';

/** Who calls, by the kernel's word (uids) and by sudo's (the login user). Nothing of PM2 in here. */
export interface Person {
  uid: number;
  /** Account name of the effective uid; `#1234` where no account has it. */
  user: string;
  /** Home directory from passwd; null where there is no account. Not $HOME: that is the environment's claim. */
  passwdHome: string | null;
  /** The user who typed sudo, where sudo made the caller what it is; else null. */
  login: string | null;
  /** Root only because sudo made it so: SUDO_UID names somebody else. */
  rootBySudo: boolean;
}

/**
 * @param euid effective uid
 * @param account its passwd entry, null where there is none
 * @param env the caller's environment: SUDO_USER and SUDO_UID are set by sudo(8) and are claims. They are used only to be
 *   stricter with root, never to allow anything.
 */
export function personOf(euid: number, account: Account | null, env: NodeJS.ProcessEnv): Person {
  const sudoUid = env['SUDO_UID'] ?? '';
  const behindSudo = sudoUid !== '' && sudoUid !== String(euid);
  return {
    uid: euid,
    user: account?.name ?? `#${euid}`,
    passwdHome: account?.home ?? null,
    login: behindSudo ? (env['SUDO_USER'] ?? `#${sudoUid}`) : null,
    rootBySudo: isRootBySudo(euid, env),
  };
}

/** Root, and SUDO_UID names somebody else. */
export function isRootBySudo(euid: number, env: NodeJS.ProcessEnv): boolean {
  const sudoUid = env['SUDO_UID'] ?? '';
  return euid === 0 && sudoUid !== '' && sudoUid !== '0';
}
