import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findUntrusted } from '../trust/trust.ts';

// By absolute path: root runs it. /usr/local is left out: what is there is not the distribution's.
const PLACES = ['/usr/bin/systemctl', '/bin/systemctl'];

/** The distribution's systemctl(1); null: there is none, or one that a user other than root can change. */
export function systemctlPath(): string | null {
  return PLACES.find((path) => existsSync(path) && findUntrusted(path, 'file') === null) ?? null;
}

/** Whether systemd runs this host (sd_booted(3)). */
export function isBooted(): boolean {
  return existsSync('/run/systemd/system');
}

/** How long a unit may take to start or stop. systemd's own limit is 90 s (systemd-system.conf(5)). */
const PATIENCE_MS = 100_000;

/**
 * Has the system's manager do something, as root, and waits until it is done.
 *
 * @param words of systemctl: `start`, then the unit
 * @returns null: done; else why not, for people
 */
export function runSystemctl(...words: string[]): string | null {
  const systemctl = systemctlPath();
  if (systemctl === null) return 'there is no systemctl on this host';
  const { status, stderr, error } = spawnSync(systemctl, words, {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: PATIENCE_MS,
  });
  if (status === 0) return null;
  const [said = ''] = (error?.message ?? stderr).trim().split('\n');
  return said === '' ? `systemctl ended with ${status ?? 'a signal'}` : said;
}
