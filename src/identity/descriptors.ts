import { closeSync, fstatSync, lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';

/** /dev/null as major and minor number (null(4)). node keeps it open. */
const NULL = 0x103;
/** node marks all descriptors below this close-on-exec (uv_disable_stdio_inheritance). */
const MARKED = 16;
const DESCRIPTORS = '/proc/self/fd';

/**
 * Call it before root becomes another user: setuid(2) closes nothing, and PM2's daemon would keep root's descriptors
 * open. Keeps what node opened. Does nothing without /proc.
 */
export function closeInherited(keep: readonly number[] = []): void {
  // node owns its IPC channel, and would later close an unrelated file with the same number.
  const { channel } = process as NodeJS.Process & { channel?: { fd?: number } };
  if (process.connected) process.disconnect();
  for (const fd of inheritedDescriptors()) {
    if (keep.includes(fd) || fd === channel?.fd) continue;
    try {
      closeSync(fd);
    } catch {
      // EBADF
    }
  }
}

export function inheritedDescriptors(): number[] {
  const terminals = [0, 1, 2].map(statOf).filter((stat) => stat?.isCharacterDevice() === true);
  const pipes = new Map<string, number[]>();
  const found: number[] = [];
  for (const fd of openDescriptors()) {
    const stat = statOf(fd);
    // libuv's event loop: stat(2) gives no type for anon_inode (proc(5)).
    if (stat === null || (stat.mode & TYPE) === 0 || (stat.isCharacterDevice() && stat.rdev === NULL)) continue;
    const pipe = `${stat.dev}:${stat.ino}`;
    if (stat.isFIFO()) pipes.set(pipe, [...(pipes.get(pipe) ?? []), fd]);
    // libuv opens a terminal a second time by its path (uv_tty_init).
    else if (!terminals.some((terminal) => terminal?.rdev === stat.rdev) || !isCloseOnExec(fd)) found.push(fd);
  }
  return [...found, ...[...pipes.values()].filter((ends) => !isLibuvsPipe(ends)).flat()];
}

const TYPE = 0o170000;

/** Both ends are in this process (uv_signal_init). An inherited pipe has its other end in another process. */
function isLibuvsPipe([one = -1, other = -1, ...more]: readonly number[]): boolean {
  if (other < 0 || more.length > 0 || accessOf(one) + accessOf(other) !== READING + WRITING) return false;
  return one < MARKED || other < MARKED || isCloseOnExec(one);
}

function openDescriptors(): number[] {
  try {
    return readdirSync(DESCRIPTORS)
      .map(Number)
      .filter((fd) => fd > 2);
  } catch {
    return [];
  }
}

/** null: closed already. */
function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}

/** From the mode of the link (proc(5), /proc/pid/fd). */
function accessOf(fd: number): number {
  return (lstatSync(`${DESCRIPTORS}/${fd}`, { throwIfNoEntry: false })?.mode ?? 0) & (READING + WRITING);
}

const READING = 0o400;
const WRITING = 0o200;

/** The flags are octal (proc(5), fdinfo). */
function isCloseOnExec(fd: number): boolean {
  try {
    const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
    return (parseInt(flags, 8) & 0o2000000) !== 0;
  } catch {
    return false;
  }
}
