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
  constructor(
    message: string,
    /** This process is still what it was, so another way may be tried (setpriv.ts). */
    readonly unchanged = false,
  ) {
    super(message);
  }
}

/** Of `process.versions`: libuv's is its own where node is linked with the distribution's. */
export interface Versions {
  node: string;
  uv: string;
}

/**
 * Whether a node gives up root's credentials in all of its threads. libuv 1.45 to 1.48 does file operations in a kernel
 * thread of io_uring (SQPOLL), which keeps root's (CVE-2024-22017). node 20.11.1, 21.6.2 and later see to that
 * themselves: they refuse to switch where it could happen. Older ones are judged by the node where it has a libuv of
 * its own, and by the libuv that it is linked with.
 *
 * @param useIoUring UV_USE_IO_URING: turns SQPOLL on in later versions of libuv, too
 */
export function losesPrivilegesSafely({ node, uv }: Versions, useIoUring = ''): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(node);
  if (major >= 22) return true;
  if (major === 20 && (minor > 11 || (minor === 11 && patch >= 1))) return true;
  if (major === 21 && (minor > 6 || (minor === 6 && patch >= 2))) return true;
  if (major === 21 || (major === 20 && minor >= 3)) return false;
  if (major === 18 && (minor === 18 || (minor === 19 && patch === 0))) return false;
  const [uvMajor = 0, uvMinor = 0] = numbersOf(uv);
  if (uvMajor !== 1 || uvMinor < 45) return uvMajor <= 1;
  return uvMinor >= 49 && !(Number.parseInt(useIoUring, 10) > 0);
}

function numbersOf(version: string): number[] {
  return version.replace(/^v/, '').split('.').map(Number);
}

let answer: boolean | null = null;

/**
 * Whether root becomes another user in this process, and not in a child that setpriv(1) starts. node 20 refuses for
 * good where it is linked with a libuv that is not its own: Debian 13's, for one. It is asked by setting the group that
 * is set already.
 */
export function switchesHere(): boolean {
  answer ??= losesPrivilegesSafely(process.versions, process.env['UV_USE_IO_URING']) && !refuses();
  return answer;
}

function refuses(): boolean {
  try {
    process.setegid?.(process.getegid?.() ?? 0);
    return false;
  } catch (error) {
    return !isFromKernel(error);
  }
}

/**
 * From root to `to`, with no way back: supplementary groups as at a login (initgroups(3)), then gid, then uid, each for
 * real, effective and saved id, as gosu and sudo do it; then the proof. Sequence from "Setuid Demystified" (Chen,
 * Wagner, Dean 2002): groups first, because after setuid nobody may change them. A process that setpriv(1) started as
 * `to` is only looked at.
 *
 * @throws SwitchError where any step or the proof fails. The caller must then end without running anything, unless the
 * error says that nothing has changed.
 */
export function switchUser(to: Identity): void {
  if (to.uid === 0) {
    if (process.geteuid?.() !== 0) throw new SwitchError('only root can become root');
    return;
  }
  if (process.geteuid?.() === 0) change(to);
  proveNoWayBack(to);
  // sudo's default (umask_override off): the union of the caller's umask and 022, so that a root shell with umask 0
  // makes no world-writable files in the owner's home.
  narrowUmask();
}

export function narrowUmask(): void {
  process.umask(process.umask(0o022) | 0o022);
}

function change(to: Identity): void {
  const { node, uv } = process.versions;
  if (!losesPrivilegesSafely({ node, uv }, process.env['UV_USE_IO_URING'])) {
    throw new SwitchError(`node ${node} with libuv ${uv} cannot give up root's rights safely (CVE-2024-22017)`, true);
  }
  let unchanged = true;
  try {
    posix.initgroups?.(to.user, to.gid);
    unchanged = false;
    process.setgid?.(to.gid);
    process.setuid?.(to.uid);
  } catch (error) {
    // What the kernel denies to root it denies to setpriv(1) as well.
    const elsewhere = unchanged && !isFromKernel(error);
    throw new SwitchError(`cannot become ${to.user} (uid ${to.uid}): ${(error as Error).message}`, elsewhere);
  }
}

function isFromKernel(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPERM';
}

function proveNoWayBack(to: Identity): void {
  const ids = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()];
  if (ids.join() !== [to.uid, to.uid, to.gid, to.gid].join())
    throw new SwitchError(`after the switch to ${to.user} the ids are ${ids.join()}`);
  if (to.gid !== 0 && process.getgroups?.().includes(0)) {
    // initgroups gives a user the groups of the group file; root's own group there is the administrator's wish,
    // anything else a leak.
    if (!memberOfRootGroup(to.user)) throw new SwitchError(`after the switch to ${to.user} root's group is still held`);
  }
  for (const wayBack of [() => process.setuid?.(0), () => process.seteuid?.(0), () => process.setgid?.(0)]) {
    let returned: boolean;
    try {
      wayBack();
      returned = to.gid !== 0 || process.geteuid?.() === 0;
    } catch (error) {
      // EPERM is the proof. Where node refuses to ask the kernel, its ids are.
      returned = !isFromKernel(error) && !hasOnly(to);
    }
    if (returned) throw new SwitchError(`after the switch to ${to.user} root can still be regained`);
  }
}

/** proc(5): real, effective, saved and file system id are those of the user, and no capability is left. */
function hasOnly({ uid, gid }: Identity): boolean {
  const status = readFileSync('/proc/self/status', 'latin1');
  const values = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
  const all = (name: string, id: number) =>
    values(name).length === 4 && values(name).every((value) => Number(value) === id);
  return all('Uid', uid) && all('Gid', gid) && ['CapPrm', 'CapEff'].every((name) => /^0+$/.test(values(name)[0] ?? ''));
}

function memberOfRootGroup(user: string): boolean {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('root:'));
  return line?.split(':')[3]?.split(',').includes(user) ?? false;
}
