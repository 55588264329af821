import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Uid } from '../runtime/brands.ts';
import { lazyBuiltin } from '../runtime/late.ts';

export interface TerminalFacts {
  release: () => string;
  /** Content of /proc/sys/dev/tty/legacy_tiocsti. Null: unreadable. */
  legacy: () => string | null;
  /** Device number of the controlling terminal (tty_nr in proc(5)). 0: none. Null: unreadable. */
  terminal: () => number | null;
}

const KERNEL: TerminalFacts = {
  release: () => lazyBuiltin('node:os').release(),
  legacy: () => read('/proc/sys/dev/tty/legacy_tiocsti'),
  terminal: () => {
    const stat = read('/proc/self/stat');
    if (stat === null) return hasTerminal() ? null : 0;
    // The name of the program, in parentheses, may hold blanks and parentheses.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4] ?? 0);
  },
};

/**
 * Another user's process could type into root's shell by TIOCSTI, which kernels since 6.2 can turn off, or by
 * TIOCLINUX on a console before 6.7 (drivers/tty). /dev/tty gives access, so closing descriptors does not help.
 */
export function inputCanBePushed({ release, legacy, terminal }: TerminalFacts = KERNEL): boolean {
  if (process.platform !== 'linux') return false;
  const pushes = legacy()?.trim() !== '0'; // kernels before 6.2 lack the setting and allow it
  if (!pushes && !hasOpenConsoles(release())) return false;
  const device = terminal();
  if (device === 0) return false;
  return pushes || (device !== null && isConsole(device));
}

/**
 * Whether a terminal of this process may be another user's, as after `su` and `setpriv`, which leave no variable: what
 * runs here could put input into that user's shell. True also if the owner of the terminal is not known.
 */
export function mayUseAnothersTerminal(uid: Uid): boolean {
  return [0, 1, 2].some((descriptor) => isAnothers(descriptor, uid)) || isControlledByAnother(uid);
}

function isAnothers(descriptor: number, uid: Uid): boolean {
  try {
    return fstatSync(descriptor).uid !== uid && lazyBuiltin('node:tty').isatty(descriptor);
  } catch {
    return false; // it is closed
  }
}

/** The descriptors may all be redirected: /dev/tty opens the controlling terminal. */
function isControlledByAnother(uid: Uid): boolean {
  const device = KERNEL.terminal();
  if (device === 0) return false;
  const path = device === null ? null : pathOf(device);
  if (path === null) return true;
  try {
    const { rdev, uid: owner } = statSync(path);
    return rdev !== device || owner !== uid;
  } catch {
    return true;
  }
}

/** Null: a kind of terminal that is not known here. */
function pathOf(device: number): string | null {
  const { major, minor } = numbersOf(device);
  if (major === 136) return `/dev/pts/${minor}`;
  return isConsole(device) ? `/dev/tty${minor}` : null;
}

function hasOpenConsoles(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major < 6 || (major === 6 && minor < 7);
}

/** Major 4, minor 1 to 63 (Documentation/admin-guide/devices.txt), encoded as in proc(5). */
function isConsole(device: number): boolean {
  const { major, minor } = numbersOf(device);
  return major === 4 && minor > 0 && minor < 64;
}

function numbersOf(device: number): { major: number; minor: number } {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) };
}

/** Without /proc: /dev/tty opens only for a process with a controlling terminal (tty(4)). */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
