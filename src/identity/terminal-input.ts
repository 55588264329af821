import { readFileSync } from 'node:fs';
import { lazyBuiltin } from '../runtime/late.ts';

/** What the kernel says of a process and its terminal. */
export interface TerminalFacts {
  /** uname(2). */
  release: () => string;
  /** /proc/sys/dev/tty/legacy_tiocsti: `0` or `1`; null: it cannot be read. */
  legacy: () => string | null;
  /** Device number of the controlling terminal (proc(5), tty_nr); 0: there is none; null: it cannot be read. */
  terminal: () => number | null;
}

const KERNEL: TerminalFacts = {
  release: () => lazyBuiltin('node:os').release(),
  legacy: () => read('/proc/sys/dev/tty/legacy_tiocsti'),
  terminal: () => {
    const stat = read('/proc/self/stat');
    // The name of the program, in parentheses, may hold blanks and parentheses.
    return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4] ?? 0);
  },
};

/**
 * Whether a process of another user's, which runs on this process's controlling terminal, could put input into it. The
 * shell that root typed in would then run that input as root. There are two ways: TIOCSTI, which kernels since 6.2 can
 * turn off, and the paste of TIOCLINUX on a console, which 6.7 keeps for root. Both want the terminal to be the
 * controlling one of the process (tiocsti() and tioclinux() in drivers/tty). It does not matter which descriptors are
 * open: /dev/tty leads to it.
 */
export function inputCanBePushed({ release, legacy, terminal }: TerminalFacts = KERNEL): boolean {
  if (process.platform !== 'linux') return false;
  const pushes = legacy()?.trim() !== '0'; // kernels before 6.2 have no such setting, and allow it
  if (!pushes && !hasOpenConsoles(release())) return false;
  const device = terminal();
  if (device === 0) return false;
  return pushes || (device !== null && isConsole(device));
}

function hasOpenConsoles(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major < 6 || (major === 6 && minor < 7);
}

/** Major number 4, minor 1 to 63 (Documentation/admin-guide/devices.txt); encoded as in proc(5). */
function isConsole(device: number): boolean {
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return ((device >>> 8) & 0xfff) === 4 && minor > 0 && minor < 64;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
