import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** By absolute path: root runs it. Debian, Red Hat, Alpine and Arch agree on this one. */
const SUDO = '/usr/bin/sudo';
const PLAIN = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, timeout: 10_000 } as const;

/**
 * Whether sudo lets a user run a command as another, with or without a password: `sudo -l -U` (sudo(8)), which root may
 * ask without a password and without a trace in the system log.
 *
 * @returns null: sudo does not answer, or there is none
 */
export function isAllowed(user: string, as: string, command: string): boolean | null {
  if (!existsSync(SUDO)) return null;
  return answerOf(spawnSync(SUDO, wordsFor(user, as, command), { ...PLAIN, stdio: 'ignore' }).status);
}

/** As isAllowed, while others are asked as well. */
export async function askIsAllowed(user: string, as: string, command: string): Promise<boolean | null> {
  if (!existsSync(SUDO)) return null;
  return promisify(execFile)(SUDO, wordsFor(user, as, command), PLAIN).then(
    () => true,
    (error: unknown) => answerOf((error as { code?: unknown }).code),
  );
}

function wordsFor(user: string, as: string, command: string): string[] {
  return ['-n', '-l', '-U', user, '-u', as, '--', command];
}

/** Only sudo's own plain no (status 1) is one. */
function answerOf(status: unknown): boolean | null {
  return status === 0 ? true : status === 1 ? false : null;
}
