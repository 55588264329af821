import { existsSync } from 'node:fs';

/**
 * Absolute, because `sudo` in PATH may be our shim or another user's program. /usr/local/bin is last: the sudo shim may
 * be linked there.
 */
export const SUDO_PLACES = ['/usr/bin/sudo', '/run/wrappers/bin/sudo', '/bin/sudo', '/usr/local/bin/sudo'];

/** Null: this host has no sudo. */
export function realSudo(): string | null {
  return SUDO_PLACES.find((path) => existsSync(path)) ?? null;
}
