import { SwitchError, type Identity } from './switch-user.ts';

const posix = process as NodeJS.Process & { initgroups?: (user: string, gid: number) => void };

/**
 * Does something with no more rights than a user has, as sshd reads a user's files (temporarily_use_uid in its uidswap.c): the
 * kernel asks for the effective ids, and root's come back afterwards. Only for what is done at once, by this process: nothing
 * of the user's may be run meanwhile, which could take root back.
 *
 * @throws SwitchError where the user cannot be become; else what `action` throws
 */
export function asUser<Result>(to: Identity, action: () => Result): Result {
  if (process.geteuid?.() === to.uid) return action();
  const groups = process.getgroups?.() ?? [];
  const gid = process.getegid?.() ?? 0;
  const uid = process.geteuid?.() ?? 0;
  try {
    posix.initgroups?.(to.user, to.gid);
    process.setegid?.(to.gid);
    process.seteuid?.(to.uid);
    if (process.geteuid?.() !== to.uid || process.getegid?.() !== to.gid) throw new Error('the ids did not change');
    return action();
  } catch (error) {
    throw process.geteuid?.() === to.uid ? error : new SwitchError(`cannot become ${to.user} (uid ${to.uid}): ${(error as Error).message}`);
  } finally {
    restore(uid, gid, groups);
  }
}

/** With half of an identity nothing may go on. */
function restore(uid: number, gid: number, groups: number[]): void {
  try {
    process.seteuid?.(uid);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  } catch {
    process.abort();
  }
}
