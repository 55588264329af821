import { lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUser, type Task } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import { ownDirectories, ownFile } from '../policy/own-compiled.ts';
import { listDirectory, statOf } from '../runtime/peek.ts';
import type { Ledger } from './ledger.ts';

/** Of one user there is one file, and what was left by a process that was killed while it wrote one. */
const MOST_NAMES = 100;

/**
 * Removes what users have kept for themselves of the config (policy/own-compiled.ts), each with the rights of the user
 * who owns it. What else lies there stays.
 */
export function removeOwnPolicies(ledger: Ledger): void {
  const uids = [...listDirectory('/run/user'), ...listDirectory('/tmp').map((name) => name.replace(/^pm2-guard-/, ''))];
  for (const uid of new Set(uids.filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number))) {
    for (const directory of ownDirectories(uid)) {
      const stat = statOf(directory);
      if (stat?.isDirectory() !== true || stat.uid !== uid) continue;
      if (ledger.dry || asUser(identityOf(uid), REMOVE_OWN_POLICY, directory)) ledger.note(directory, 'removed');
    }
  }
}

/** nogroup (Debian), nobody (Red Hat): for a user whose account was removed. */
const NO_GROUP = 65_534;

/** Not with the group of the directory, which may be one that the user is not in. */
function identityOf(uid: number): Identity {
  const account = accountByUid(uid);
  return { user: account?.name ?? `uid ${uid}`, uid, gid: account?.gid ?? NO_GROUP };
}

/** Removes what a user keeps of the config. Whether it is gone. */
export const REMOVE_OWN_POLICY: Task<string, boolean> = {
  name: 'remove own policy',
  run: (directory) => {
    const file = ownFile(directory);
    const ours = (name: string) => name === basename(file) || name.startsWith(`.${basename(file)}.`);
    try {
      for (const name of listDirectory(directory, MOST_NAMES).filter(ours)) unlinkSync(join(directory, name));
      rmdirSync(directory);
    } catch {
      // it holds something else
    }
    return lstatSync(directory, { throwIfNoEntry: false }) === undefined;
  },
};
