import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { realSudo } from '../identity/sudo-places.ts';

const PLAIN = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, timeout: 10_000 } as const;

/** Runs `sudo -l -U` (sudo(8)): root needs no password, and sudo logs nothing. Null: no answer, or no sudo. */
export function isAllowed(user: string, as: string, command: string): boolean | null {
  const sudo = realSudo();
  if (sudo === null) return null;
  return answerOf(spawnSync(sudo, wordsFor(user, as, command), { ...PLAIN, stdio: 'ignore' }).status);
}

export async function askIsAllowed(user: string, as: string, command: string): Promise<boolean | null> {
  const sudo = realSudo();
  if (sudo === null) return null;
  return promisify(execFile)(sudo, wordsFor(user, as, command), PLAIN).then(
    () => true,
    (error: unknown) => answerOf((error as { code?: unknown }).code),
  );
}

function wordsFor(user: string, as: string, command: string): string[] {
  return ['-n', '-l', '-U', user, '-u', as, '--', command];
}

/** Only exit status 1 is sudo's refusal. */
function answerOf(status: unknown): boolean | null {
  return status === 0 ? true : status === 1 ? false : null;
}
