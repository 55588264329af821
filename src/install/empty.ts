import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUser, type Task } from '../identity/as-user.ts';
import { statOrNone, type Ledger } from './ledger.ts';

/**
 * Removes what is in a directory of root's but for what `keep` names. A directory of a user's in it, as versions
 * before this one made them in /var/cache/pm2-guard, is emptied with that user's rights: the user can exchange what is
 * in it while it is removed, and rm(1) and node's rm go by names.
 *
 * @param directory only root can change what is directly in it
 * @throws the system's error where something stays
 */
export function emptyDirectory(ledger: Ledger, directory: string, keep: (name: string) => boolean = () => false): void {
  if (statOrNone(directory)?.isDirectory() !== true) return;
  for (const name of readdirSync(directory).filter((one) => !keep(one))) {
    const path = join(directory, name);
    const stat = statOrNone(path);
    if (stat === null) continue;
    const users = stat.isDirectory() ? foreignOwner(path) : null;
    if (users === null) ledger.remove(path, 'no longer used');
    else if (ledger.dry) ledger.note(path, 'removed', 'no longer used');
    else {
      removeAs(users, path);
      ledger.note(path, 'removed', 'no longer used');
    }
  }
}

interface Ids {
  uid: number;
  gid: number;
}

/** Whose it is where that is not root: of the directory, or of the one in it where it was being removed before. */
function foreignOwner(path: string): Ids | null {
  const [own, within] = [statOrNone(path), statOrNone(join(path, MOVED))];
  return [own, within].find((stat) => stat !== null && stat.uid !== 0) ?? null;
}

const MOVED = 'moved';
const TRIES = 20;

function removeAs({ uid, gid }: Ids, path: string): void {
  // First to where a process of the user's does not find it by its name.
  const again = statOrNone(path)?.uid === 0;
  const closed = again ? path : mkdtempSync(`${path}-`);
  const moved = join(closed, MOVED);
  if (!again) renameSync(path, moved);
  chmodSync(closed, 0o711);
  // initgroups(3) gives a name without an account no group but this one.
  const user = accountByUid(uid)?.name ?? `uid ${uid}`;
  for (let left = TRIES; lstatSync(moved, { throwIfNoEntry: false }) !== undefined; left -= 1) {
    asUser({ user, uid, gid }, REMOVE_CONTENT, moved);
    try {
      rmdirSync(moved);
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
  rmdirSync(closed);
}

/** What is exchanged meanwhile is left for the next try. */
export const REMOVE_CONTENT: Task<string, null> = {
  name: 'remove content',
  run: (directory) => {
    try {
      chmodSync(directory, 0o700);
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
    } catch {
      // the caller looks whether it is empty
    }
    return null;
  },
};
