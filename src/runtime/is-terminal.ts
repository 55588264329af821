import { fstatSync } from 'node:fs';
import { lazyBuiltin } from './late.ts';

/** Of /dev/null and its kin on Linux (admin-guide/devices.txt of the kernel). */
const MEMORY_DEVICES = 1;

/** isatty(3). node:tty takes 3 ms to load, so what is no terminal for certain is told apart by fstat(2). */
export function isTerminal(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isCharacterDevice()) return false;
    if (process.platform === 'linux' && stat.rdev >>> 8 === MEMORY_DEVICES) return false;
  } catch {
    return false; // EBADF
  }
  return lazyBuiltin('node:tty').isatty(descriptor);
}
