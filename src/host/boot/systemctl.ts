import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { runProgram } from '../../runtime/run-program.ts';
import { findUntrusted } from '../../trust/trust.ts';

// Absolute paths, because root runs it. Not /usr/local: it is not the distribution's.
const PLACES = ['/usr/bin/systemctl', '/bin/systemctl'];

/** Null: missing, or a user other than root can change it. */
export function systemctlPath(): string | null {
  return PLACES.find((path) => existsSync(path) && findUntrusted(path, 'file') === null) ?? null;
}

/** sd_booted(3) */
export function isBooted(): boolean {
  return existsSync('/run/systemd/system');
}

/** A unit with RemainAfterExit= that is active without a process. `systemctl start` does nothing for it. */
export function hasExited(unit: string): boolean {
  const systemctl = systemctlPath();
  if (systemctl === null) return false;
  const { stdout } = runProgram(systemctl, ['show', '--property=SubState', '--', unit], {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    timeout: 3000,
  });
  return stdout.trim() === 'SubState=exited';
}

/** systemd's own limit is 90 s (systemd-system.conf(5)). */
const PATIENCE_MS = 100_000;

/** @returns null: done; else the reason */
export function runSystemctl(...words: string[]): string | null {
  return runSystemctlBy([], ...words);
}

/** @param sudo words in front of the path of systemctl */
export function runSystemctlBy(sudo: readonly string[], ...words: string[]): string | null {
  const systemctl = systemctlPath();
  if (systemctl === null) return 'there is no systemctl on this host';
  const [program = '', ...argv] = [...sudo, systemctl, ...words];
  const { status, stderr, error } = spawnSync(program, argv, {
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
