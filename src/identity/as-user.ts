import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { asPosix, type Gid, type Uid } from '../runtime/brands.ts';
import { inChild } from './in-child.ts';
import { switchesHere, SwitchError, type Identity } from './switch-user.ts';

const posix = process as NodeJS.Process & { initgroups?: (user: string, gid: Gid) => void };

/** Work with a user's rights. A child finds it by name (src/bin/as-user.ts), so it uses JSON. */
export interface Task<Argument, Result> {
  name: string;
  /** @param at descriptor of an open directory, or null */
  run: (argument: Argument, at: number | null) => Result;
}

/**
 * Runs a task with a user's effective ids, as sshd does (uidswap.c), or in a child if node cannot switch. The task
 * must be synchronous and must not run the user's code, which could regain root.
 * @throws SwitchError if there is no way to switch, else the task's error
 */
export function asUser<Argument, Result>(
  to: Identity,
  task: Task<Argument, Result>,
  argument: Argument,
  at: number | null = null,
): Result {
  if (process.geteuid?.() === to.uid) return task.run(argument, at);
  return switchesHere() ? withIds(to, () => task.run(argument, at)) : (inChild(to, task.name, argument, at) as Result);
}

/** From open(2), missing in node: enters an unlistable directory, and looks at a file without opening it. */
export const O_PATH = 0o10000000;

interface Opening {
  name: string;
  flags: number;
}

interface Inode {
  dev: string;
  ino: string;
}

export const OPEN: Task<Opening, Inode> = {
  name: 'open',
  run: ({ name, flags }, at) => {
    const fd = openSync(pathAt(at, name), flags);
    try {
      return inodeOf(fd);
    } finally {
      closeSync(fd);
    }
  },
};

/** Opens a file with a user's rights. `at` null: `name` is absolute. Throws SwitchError or the user's error. */
export function openAs(to: Identity, at: number | null, name: string, flags: number): number {
  const path = pathAt(at, name);
  if (process.geteuid?.() === to.uid) return openSync(path, flags);
  if (switchesHere()) return withIds(to, () => openSync(path, flags));
  // A child cannot pass a descriptor back, so it returns the inode that it could open. Root looks at the path with
  // O_PATH, which has no effect on the file, and accepts only the same inode.
  return openSame(at, name, flags, asUser(to, OPEN, { name, flags }, at));
}

function openSame(at: number | null, name: string, flags: number, { dev, ino }: Inode): number {
  const own = openSync(pathAt(at, name), O_PATH | (flags & (constants.O_DIRECTORY | constants.O_NOFOLLOW)));
  let kept = false;
  try {
    const found = inodeOf(own);
    if (found.dev !== dev || found.ino !== ino)
      throw Object.assign(new Error(`${name} was exchanged while it was opened`), { code: 'ESTALE' });
    kept = (flags & O_PATH) !== 0;
    return kept ? own : openSync(`/proc/self/fd/${own}`, flags & ~constants.O_NOFOLLOW);
  } finally {
    if (!kept) closeSync(own);
  }
}

interface Way {
  first: string;
  names: readonly string[];
  flags: number;
}

export const WALK: Task<Way, Inode[]> = {
  name: 'walk',
  run: ({ first, names, flags }) => {
    let fd = openSync(first, O_PATH | constants.O_DIRECTORY);
    try {
      const found = [inodeOf(fd)];
      for (const name of names) {
        const next = openSync(pathAt(fd, name), flags);
        closeSync(fd);
        fd = next;
        found.push(inodeOf(fd));
      }
      return found;
    } finally {
      closeSync(fd);
    }
  },
};

/** Opens directories one below the other as the user. Throws SwitchError, `check`'s error or the user's error. */
export function openWay(to: Identity, { first, names, flags }: Way, check: (fd: number, name: string) => void): number {
  const here = process.geteuid?.() === to.uid || switchesHere();
  const seen = here ? null : asUser(to, WALK, { first, names, flags });
  const step = (at: number | null, name: string, how: number, expected: Inode | undefined) =>
    expected === undefined ? openAs(to, at, name, how) : openSame(at, name, how, expected);
  let fd = step(null, first, O_PATH | constants.O_DIRECTORY, seen?.[0]);
  for (const [index, name] of names.entries()) {
    try {
      const next = step(fd, name, flags, seen?.[index + 1]);
      closeSync(fd);
      fd = next;
      check(fd, name);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
  return fd;
}

/** node has no openat(2), but /proc/self/fd does the same (proc(5)). join() would drop a final `.`. */
export function pathAt(at: number | null, name: string): string {
  return at === null ? name : `/proc/self/fd/${at}/${name}`;
}

function inodeOf(fd: number): Inode {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return { dev: String(dev), ino: String(ino) };
}

function withIds<Result>(to: Identity, action: () => Result): Result {
  const groups = process.getgroups?.() ?? [];
  const gid = asPosix(process).getegid();
  const uid = asPosix(process).geteuid();
  let changed = false;
  try {
    posix.initgroups?.(to.user, to.gid);
    changed = true;
    process.setegid?.(to.gid);
    process.seteuid?.(to.uid);
    if (process.geteuid?.() !== to.uid || process.getegid?.() !== to.gid) throw new Error('the ids did not change');
    return action();
  } catch (error) {
    throw process.geteuid?.() === to.uid
      ? error
      : new SwitchError(`cannot become ${to.user} (uid ${to.uid}): ${(error as Error).message}`);
  } finally {
    if (changed) restore(uid, gid, groups);
  }
}

/** Ends the process on failure: root must not go on with another user's ids. */
function restore(uid: Uid, gid: Gid, groups: number[]): void {
  try {
    process.seteuid?.(uid);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  } catch (error) {
    process.stderr.write(`pm2-guard: root's rights did not come back (${(error as Error).message}); stopped\n`);
    process.exit(1);
  }
}
