import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

/** By absolute path: root runs them. Debian, Red Hat, Alpine and Arch agree on the first. */
const SUDO = '/usr/bin/sudo';
const PRINTENV = ['/usr/bin/printenv', '/bin/printenv'];
/** A caller's PATH that no sudoers has: where it comes back, sudo searches the caller's own. */
const CALLERS = '/usr/sbin:/usr/bin:/sbin:/bin:/nonexistent/pm2-guard';
const PLAIN = { cwd: '/', env: { PATH: CALLERS, LC_ALL: 'C' }, encoding: 'utf8', timeout: 20_000 } as const;

/** The PATH in which sudo looks for a command: the effective one (sudoers(5) secure_path). */
export type SecurePath =
  | { type: 'absent' }
  /** Only root can ask without a password, and without a refusal in the system log. */
  | { type: 'hidden' }
  /** sudo does not run a command for root. */
  | { type: 'unknown' }
  /** The caller's own PATH is used. */
  | { type: 'none' }
  | { type: 'set'; path: string };

/**
 * Asks sudo for it by running a program with it, as root. `sudo -V` shows what the build and sudoers say, of classic
 * sudo alone; this is what holds, whichever files, later lines and kinds of sudo are behind it.
 */
export function securePath(): SecurePath {
  const known = withoutAsking();
  return known ?? told(spawnSync(SUDO, words(), PLAIN).stdout);
}

/** As securePath, while others are asked as well. */
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

/** Where sudo runs nothing for root without a terminal (sudoers(5) requiretty): what classic sudo says of itself. */
function ofVersion(): string | null {
  const { stdout } = spawnSync(SUDO, ['-V'], PLAIN);
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
