import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { realSudo } from '../identity/sudo-places.ts';
import { runProgram } from '../runtime/run-program.ts';

/** Absolute, because root runs it. */
const PRINTENV = ['/usr/bin/printenv', '/bin/printenv'];
/** A PATH that no sudoers file has: if sudo returns it, sudo uses the caller's PATH. */
const CALLERS = '/usr/sbin:/usr/bin:/sbin:/bin:/nonexistent/pm2-guard';
const PLAIN = { cwd: '/', env: { PATH: CALLERS, LC_ALL: 'C' }, encoding: 'utf8', timeout: 20_000 } as const;

/** The PATH that sudo searches (sudoers(5) secure_path). */
export type SecurePath =
  | { type: 'absent' }
  /** Only root can ask without a password and without an entry in the system log. */
  | { type: 'hidden' }
  | { type: 'unknown' }
  | { type: 'none' }
  | { type: 'set'; path: string };

/** Runs a command as root by sudo to see the effective PATH. `sudo -V` shows it only in classic sudo. */
export function securePath(): SecurePath {
  const sudo = realSudo();
  if (sudo === null) return { type: 'absent' };
  return isRoot() ? told(sudo, runProgram(sudo, words(), PLAIN).stdout) : { type: 'hidden' };
}

export async function askSecurePath(): Promise<SecurePath> {
  const sudo = realSudo();
  if (sudo === null) return { type: 'absent' };
  if (!isRoot()) return { type: 'hidden' };
  const text = await promisify(execFile)(sudo, words(), PLAIN).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return told(sudo, text);
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Fallback for sudoers(5) requiretty: classic sudo prints its settings. */
function ofVersion(sudo: string): string | null {
  const { stdout } = runProgram(sudo, ['-V'], PLAIN);
  const set = /^Value to override user's \$PATH with: (.+)$/m.exec(stdout)?.[1];
  return set ?? (/^Sudoers path:/m.test(stdout) ? CALLERS : null);
}

function words(): string[] {
  return ['-n', '--', PRINTENV.find((path) => existsSync(path)) ?? '', 'PATH'];
}

function told(sudo: string, text: string): SecurePath {
  const path = text.trim() === '' ? ofVersion(sudo) : text.trim();
  if (path === null) return { type: 'unknown' };
  return path === CALLERS ? { type: 'none' } : { type: 'set', path };
}
