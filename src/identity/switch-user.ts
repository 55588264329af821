import { readFileSync } from 'node:fs';
import type { Gid, Uid } from '../runtime/brands.ts';

export interface Identity {
  user: string;
  uid: Uid;
  gid: Gid;
}

/** Missing in node's type declarations. */
const posix = process as NodeJS.Process & { initgroups?: (user: string, gid: Gid) => void };

/** Nothing was run. */
export class SwitchError extends Error {
  override name = 'SwitchError';
  constructor(
    message: string,
    /** The ids of this process did not change, so setpriv.ts may be tried. */
    readonly unchanged = false,
  ) {
    super(message);
  }
}

/** From `process.versions`. A distribution may link node with its own libuv. */
export interface Versions {
  node: string;
  uv: string;
}

/**
 * libuv 1.45 to 1.48 runs file operations in an io_uring thread that stays root (CVE-2024-22017). node since 20.11.1
 * and 21.6.2 refuses then. With a foreign libuv, its version decides. UV_USE_IO_URING enables it in later versions
 * too.
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

/** node 20 refuses to switch with a foreign libuv (Debian 13). Tested by setting the current group again. */
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
 * Changes from root to `to` for good and checks it. Groups first: setgroups needs root ("Setuid Demystified", 2002).
 * @throws SwitchError; the caller must then run nothing, unless the error is `unchanged`
 */
export function switchUser(to: Identity): void {
  if (to.uid === 0) {
    if (process.geteuid?.() !== 0) throw new SwitchError('only root can become root');
    return;
  }
  if (process.geteuid?.() === 0) change(to);
  proveNoWayBack(to);
  // Like sudo's default: with umask 0 of a root shell, files in the owner's directories would be world-writable.
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
    // setpriv(1) would get the same error from the kernel.
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
    // root's group is allowed only if the group file lists the user there. Otherwise root's groups leaked.
    if (!memberOfRootGroup(to.user)) throw new SwitchError(`after the switch to ${to.user} root's group is still held`);
  }
  for (const wayBack of [() => process.setuid?.(0), () => process.seteuid?.(0), () => process.setgid?.(0)]) {
    let returned: boolean;
    try {
      wayBack();
      returned = to.gid !== 0 || process.geteuid?.() === 0;
    } catch (error) {
      // The kernel must answer EPERM. If node refuses the call, the ids are checked.
      returned = !isFromKernel(error) && !hasOnly(to);
    }
    if (returned) throw new SwitchError(`after the switch to ${to.user} root can still be regained`);
  }
}

/** Real, effective, saved and file system ids are the user's, and no capability is left (proc(5)). */
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
