import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { runProgram } from '../runtime/run-program.ts';

/** Absolute, because root runs them. */
const SUDO = '/usr/bin/sudo';
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
  const known = withoutAsking();
  return known ?? told(runProgram(SUDO, words(), PLAIN).stdout);
}

export async function askSecurePath(): Promise<SecurePath> {
  const known = withoutAsking();
  return (
    known ??
    told(
      await promisify(execFile)(SUDO, words(), PLAIN).then(
        ({ stdout }) => stdout,
        () => '',
      ),
    )
  );
}

function withoutAsking(): SecurePath | null {
  if (!existsSync(SUDO)) return { type: 'absent' };
  return process.geteuid?.() === 0 ? null : { type: 'hidden' };
}

/** Fallback for sudoers(5) requiretty: classic sudo prints its settings. */
function ofVersion(): string | null {
  const { stdout } = runProgram(SUDO, ['-V'], PLAIN);
  const set = /^Value to override user's \$PATH with: (.+)$/m.exec(stdout)?.[1];
  return set ?? (/^Sudoers path:/m.test(stdout) ? CALLERS : null);
}

function words(): string[] {
  return ['-n', '--', PRINTENV.find((path) => existsSync(path)) ?? '', 'PATH'];
}

function told(text: string): SecurePath {
  const path = text.trim() === '' ? ofVersion() : text.trim();
  if (path === null) return { type: 'unknown' };
  return path === CALLERS ? { type: 'none' } : { type: 'set', path };
}
