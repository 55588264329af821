import { closeSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Open files of this process that its starter left open (`exec 9>file; pm2 ...`). */

/** One file descriptor above 2, as /proc/self/fd shows it (proc(5)). */
export interface Descriptor {
  fd: number;
  /** What it leads to: a path, `pipe:[inode]`, `socket:[inode]`, `anon_inode:[eventpoll]`. */
  target: string;
  /** proc(5): the mode of the link says how it is open. */
  reads: boolean;
  writes: boolean;
}

/** What libuv opens for itself: its loops and their wake-ups. */
const OF_LIBUV = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]', 'anon_inode:[io_uring]', '/dev/null'];

/**
 * Closes every descriptor above 2 that node did not open for itself, as sudo's closefrom does (sudoers(5)). To be
 * called before root becomes another user: what is open stays open across setuid(2), and node marks only the first
 * few close-on-exec, so that PM2's daemon would inherit the rest. Does nothing where there is no /proc.
 *
 * @param keep descriptors that were passed on purpose
 */
export function closeInherited(keep: readonly number[] = []): void {
  const { channel } = process as NodeJS.Process & { channel?: { fd?: number } };
  // The parent's message channel belongs to node: closing its descriptor behind its back would close another one later.
  if (process.connected) process.disconnect();
  const found = descriptors();
  const terminals = [0, 1, 2].map(targetOf);
  for (const { fd } of found.filter((one) => isInherited(one, found, terminals))) {
    if (keep.includes(fd) || fd === channel?.fd) continue;
    try {
      closeSync(fd);
    } catch {
      // EBADF: it was the directory that was just read
    }
  }
}

/**
 * @param all of this process
 * @param terminals what standard input, output and error lead to: libuv opens a terminal a second time
 */
export function isInherited(
  { fd, target }: Descriptor,
  all: readonly Descriptor[],
  terminals: readonly string[],
  flags = flagsOf,
): boolean {
  if (OF_LIBUV.includes(target)) return false;
  // libuv's pipes have both ends in this process (uv_signal_init, uv_async_init). Whoever starts us keeps one end.
  if (target.startsWith('pipe:')) {
    const ends = all.filter((one) => one.target === target);
    return !(
      ends.length === 2 &&
      ends.some(({ reads }) => reads) &&
      ends.some(({ writes }) => writes) &&
      ends.every((end) => isCloseOnExec(flags(end.fd)))
    );
  }
  return !(target.startsWith('/dev/') && terminals.includes(target) && isCloseOnExec(flags(fd)));
}

function descriptors(): Descriptor[] {
  const found: Descriptor[] = [];
  for (const name of names()) {
    const fd = Number(name);
    if (fd <= 2) continue;
    const target = targetOf(fd);
    if (target === '') continue;
    const mode = target.startsWith('pipe:')
      ? (lstatSync(`${DESCRIPTORS}/${fd}`, { throwIfNoEntry: false })?.mode ?? 0)
      : 0;
    found.push({ fd, target, reads: (mode & 0o400) !== 0, writes: (mode & 0o200) !== 0 });
  }
  return found;
}

const DESCRIPTORS = '/proc/self/fd';

function names(): string[] {
  try {
    return readdirSync(DESCRIPTORS);
  } catch {
    return [];
  }
}

/** Empty: it was closed meanwhile. */
function targetOf(fd: number): string {
  try {
    return readlinkSync(`${DESCRIPTORS}/${fd}`);
  } catch {
    return '';
  }
}

/** open(2)'s flags, from proc(5) fdinfo. */
function flagsOf(fd: number): number {
  try {
    return parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0', 8);
  } catch {
    return 0;
  }
}

function isCloseOnExec(flags: number): boolean {
  return (flags & 0o2000000) !== 0;
}
