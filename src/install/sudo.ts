import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

// By absolute path: root runs it. Debian, Red Hat, Alpine and Arch agree on this one.
const SUDO = '/usr/bin/sudo';
const PLAIN = { cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }, encoding: 'utf8', timeout: 20_000 } as const;

/** The PATH in which sudo looks for a command, of `sudo -V` as root (sudo(8), sudoers(5) secure_path). */
export type SecurePath =
  | { type: 'absent' }
  /** Not root, or a sudo that does not tell. */
  | { type: 'unknown' }
  /** The caller's own PATH is used. */
  | { type: 'none' }
  | { type: 'set'; path: string };

export function securePath(): SecurePath {
  return existsSync(SUDO) ? told(spawnSync(SUDO, ['-V'], PLAIN).stdout) : { type: 'absent' };
}

/** As securePath, while others are asked as well. */
export async function askSecurePath(): Promise<SecurePath> {
  if (!existsSync(SUDO)) return { type: 'absent' };
  return told(await promisify(execFile)(SUDO, ['-V'], PLAIN).then(({ stdout }) => stdout, () => ''));
}

function told(text: string): SecurePath {
  const set = /^Value to override user's \$PATH with: (.+)$/m.exec(text)?.[1];
  if (set !== undefined) return { type: 'set', path: set };
  return /^Sudoers path:/m.test(text) ? { type: 'none' } : { type: 'unknown' };
}
