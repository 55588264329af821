import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUser, type Task } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import { ownDirectories, ownFile } from '../policy/own-compiled.ts';
import { asGid, asUid, type Uid } from '../runtime/brands.ts';
import { listDirectory, statOf } from '../runtime/peek.ts';
import type { Ledger } from './ledger.ts';

/** A user has one file, and temporary files of killed processes. */
const MOST_NAMES = 100;

/** Removes the policies that users compiled (policy/own-compiled.ts), with each owner's rights. */
export function removeOwnPolicies(ledger: Ledger): void {
  const uids = [...listDirectory('/run/user'), ...listDirectory('/tmp').map((name) => name.replace(/^pm2-guard-/, ''))];
  for (const uid of new Set(uids.filter((name) => /^[1-9]\d{0,9}$/.test(name)).map((name) => asUid(Number(name))))) {
    for (const directory of ownDirectories(uid)) {
      const stat = statOf(directory);
      if (stat?.isDirectory() !== true || stat.uid !== uid) continue;
      if (ledger.dry || asUser(identityOf(uid), REMOVE_OWN_POLICY, directory)) ledger.note(directory, 'removed');
    }
  }
}

/** The group nogroup (Debian) or nobody (Red Hat), for a deleted account. */
const NO_GROUP = 65_534;

/** Does not use the group of the directory: the user may not be a member of it. */
function identityOf(uid: Uid): Identity {
  const account = accountByUid(uid);
  return { user: account?.name ?? `uid ${uid}`, uid, gid: account?.gid ?? asGid(NO_GROUP) };
}

/** Returns whether the directory is gone. */
export const REMOVE_OWN_POLICY: Task<string, boolean> = {
  name: 'remove own policy',
  run: (directory) => {
    const file = ownFile(directory);
    const ours = (name: string) => name === basename(file) || name.startsWith(`.${basename(file)}.`);
    try {
      for (const name of listDirectory(directory, MOST_NAMES).filter(ours)) unlinkSync(join(directory, name));
      rmdirSync(directory);
    } catch {
      // not empty
    }
    return lstatSync(directory, { throwIfNoEntry: false }) === undefined;
  },
};
