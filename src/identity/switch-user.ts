import { readFileSync } from 'node:fs';

/** Becoming another user for good, in this process. */

export interface Identity {
  user: string;
  uid: number;
  gid: number;
}

/** initgroups(3): Node has it on POSIX (process.initgroups), its type declarations leave it out. */
const posix = process as NodeJS.Process & { initgroups?: (user: string, gid: number) => void };

/** Node could not, or must not, change the user: nothing was run. */
export class SwitchError extends Error {
  override name = 'SwitchError';
}

/**
 * Node versions whose setuid() leaves privileged threads behind: libuv's io_uring kept root's credentials
 * (CVE-2024-22017; fixed in 20.11.1 and 21.6.2, not in 18, where io_uring never was on by default before its fix).
 */
export function losesPrivilegesSafely(nodeVersion: string): boolean {
  const [major = 0, minor = 0, patch = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  if (major === 20) return minor < 3 || minor > 11 || (minor === 11 && patch >= 1);
  if (major === 21) return minor > 6 || (minor === 6 && patch >= 2);
  if (major === 18) return minor < 18 || minor > 19 || (minor === 19 && patch >= 1);
  return true;
}

/**
 * From root to `to`, with no way back: supplementary groups as at a login (initgroups(3)), then gid, then uid, each for
 * real, effective and saved id, as gosu and sudo do it; then the proof. Sequence from "Setuid Demystified" (Chen, Wagner,
 * Dean 2002): groups first, because after setuid nobody may change them.
 *
 * @throws SwitchError where any step or the proof fails. The caller must then end without running anything.
 */
export function switchUser(to: Identity): void {
  if (to.uid === 0) {
    if (process.geteuid?.() !== 0) throw new SwitchError('only root can become root');
    return;
  }
  if (!losesPrivilegesSafely(process.version)) {
    throw new SwitchError(`node ${process.version} cannot give up root's rights safely (CVE-2024-22017); use 18.19.1, 20.11.1, 22 or newer`);
  }
  try {
    posix.initgroups?.(to.user, to.gid);
    process.setgid?.(to.gid);
    process.setuid?.(to.uid);
  } catch (error) {
    throw new SwitchError(`cannot become ${to.user} (uid ${to.uid}): ${(error as Error).message}`);
  }
  proveNoWayBack(to);
  // sudo's default (umask_override off): the union of the caller's umask and 022, so that a root shell with umask 0 makes
  // no world-writable files in the owner's home.
  process.umask(process.umask(0o022) | 0o022);
}

function proveNoWayBack(to: Identity): void {
  const ids = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()];
  if (ids.join() !== [to.uid, to.uid, to.gid, to.gid].join()) throw new SwitchError(`after the switch to ${to.user} the ids are ${ids.join()}`);
  if (to.gid !== 0 && process.getgroups?.().includes(0)) {
    // initgroups gives a user the groups of the group file; root's own group there is the administrator's wish, anything else a leak.
    if (!memberOfRootGroup(to.user)) throw new SwitchError(`after the switch to ${to.user} root's group is still held`);
  }
  for (const wayBack of [() => process.setuid?.(0), () => process.seteuid?.(0), () => process.setgid?.(0)]) {
    let returned = false;
    try {
      wayBack();
      returned = to.gid !== 0 || process.geteuid?.() === 0;
    } catch {
      // EPERM is the proof.
    }
    if (returned) throw new SwitchError(`after the switch to ${to.user} root can still be regained`);
  }
}

function memberOfRootGroup(user: string): boolean {
  const line = readFileSync('/etc/group', 'utf8').split('\n').find((entry) => entry.startsWith('root:'));
  return line?.split(':')[3]?.split(',').includes(user) ?? false;
}
