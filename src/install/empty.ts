import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUser, type Task } from '../identity/as-user.ts';
import type { Gid, Uid } from '../runtime/brands.ts';
import { statOrNone, type Ledger } from './ledger.ts';

/**
 * Removes entries except those that `keep` accepts. Older versions made directories of users here. These are emptied
 * with the user's rights, because the user could replace a directory by a link while root removes it.
 *
 * @throws system error if something stays
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
  uid: Uid;
  gid: Gid;
}

/** The owner other than root: of the directory, or of the moved one in it after an interrupted removal. */
function foreignOwner(path: string): Ids | null {
  const [own, within] = [statOrNone(path), statOrNone(join(path, MOVED))];
  return [own, within].find((stat) => stat !== null && stat.uid !== 0) ?? null;
}

const MOVED = 'moved';
const TRIES = 20;

function removeAs({ uid, gid }: Ids, path: string): void {
  // First move it to where the user's processes cannot find it by name.
  const again = statOrNone(path)?.uid === 0;
  const closed = again ? path : mkdtempSync(`${path}-`);
  const moved = join(closed, MOVED);
  if (!again) renameSync(path, moved);
  chmodSync(closed, 0o711);
  // initgroups(3): a name without an account gets only this group.
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

/** Ignores entries that are exchanged meanwhile; the next try handles them. */
export const REMOVE_CONTENT: Task<string, null> = {
  name: 'remove content',
  run: (directory) => {
    try {
      chmodSync(directory, 0o700);
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
    } catch {
      // the caller checks whether it is empty
    }
    return null;
  },
};
