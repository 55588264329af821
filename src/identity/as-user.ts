import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { inChild } from './in-child.ts';
import { switchesHere, SwitchError, type Identity } from './switch-user.ts';

const posix = process as NodeJS.Process & { initgroups?: (user: string, gid: number) => void };

/**
 * Something to be done with the rights of a user: in this process, or in a child (src/rights/main.ts), which knows it
 * by its name. What goes in and out is JSON. What it throws arrives with its message and its code.
 */
export interface Task<Argument, Result> {
  name: string;
  /** @param at descriptor of a directory that is held open; null: none was given */
  run: (argument: Argument, at: number | null) => Result;
}

/**
 * Does something with no more rights than a user has. The kernel asks for the effective ids, as when sshd reads a
 * user's files (temporarily_use_uid in its uidswap.c), and root's come back afterwards; where node does not switch, a
 * child does it that is the user. Only for what is done at once: nothing of the user's may be run meanwhile, which
 * could take root back.
 *
 * @param at descriptor of a directory that the task works in
 * @throws SwitchError where the user cannot be become; else what the task throws
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

/** Of open(2), which node does not name: a directory that may be passed and not listed, or a look without opening. */
export const O_PATH = 0o10000000;

interface Opening {
  name: string;
  flags: number;
}

/** What a descriptor leads to, for comparing. */
interface Inode {
  dev: string;
  ino: string;
}

/** Whether a user could open something, and what it was. */
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

/**
 * Opens a file or directory with the rights of a user. The descriptor stays open with root's rights back.
 *
 * @param at directory that `name` is in; null: `name` is absolute
 * @throws SwitchError, or the system's error that the user would get
 */
export function openAs(to: Identity, at: number | null, name: string, flags: number): number {
  const path = pathAt(at, name);
  if (process.geteuid?.() === to.uid) return openSync(path, flags);
  if (switchesHere()) return withIds(to, () => openSync(path, flags));
  // A child cannot hand a descriptor over. It opens the file by its name and says which one it is; if that is the very
  // same as root finds there, the user can open it. Root looks without an effect on the file (O_PATH).
  return openSame(at, name, flags, asUser(to, OPEN, { name, flags }, at));
}

/** Opens what a child found, as root. */
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

/** What a user finds on a way from directory to directory. */
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

/**
 * Opens a directory with the rights of a user, one directory after the other.
 *
 * @param first absolute, opened as the system resolves it
 * @param names below it, each opened by itself with these flags
 * @param check looks at each of those that was opened; what it throws ends the walk
 * @throws SwitchError, what `check` throws, or the system's error that the user would get
 */
export function openWay(to: Identity, { first, names, flags }: Way, check: (fd: number, name: string) => void): number {
  const here = process.geteuid?.() === to.uid || switchesHere();
  // One child for all of them.
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

/** proc(5): node has no openat(2); /proc/self/fd does the same. A `.` at its end is kept, as join() would not. */
export function pathAt(at: number | null, name: string): string {
  return at === null ? name : `/proc/self/fd/${at}/${name}`;
}

function inodeOf(fd: number): Inode {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return { dev: String(dev), ino: String(ino) };
}

function withIds<Result>(to: Identity, action: () => Result): Result {
  const groups = process.getgroups?.() ?? [];
  const gid = process.getegid?.() ?? 0;
  const uid = process.geteuid?.() ?? 0;
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

/** With half of an identity nothing may go on: root's files would be made, and read, as another user. */
function restore(uid: number, gid: number, groups: number[]): void {
  try {
    process.seteuid?.(uid);
    process.setegid?.(gid);
    process.setgroups?.(groups);
  } catch (error) {
    process.stderr.write(`pm2-guard: root's rights did not come back (${(error as Error).message}); stopped\n`);
    process.exit(1);
  }
}
