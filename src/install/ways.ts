import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { CRON_PATH } from '../host/boot/crontabs.ts';
import { becomeRootBy } from '../terminal/root-command.ts';
import { firstPm2, type Find } from './finds.ts';
import { sessionPath } from './layers/environment.ts';
import { ENVIRONMENT } from './places.ts';
import { askSecurePath } from './sudo.ts';
import { wayToRootOf } from './way-to-root.ts';

/** One kind of pm2 call and its result. This covers the system; `pm2-guard verify` covers every user. */
export interface PathProbe {
  way: string;
  /** Null: unknown, see `note`. */
  path: string | null;
  finds: Find | null;
  note: string | null;
  /** Whether a layer of ours should cover it. */
  ours: boolean;
}

/** Debian's sshd (--with-default-path), used when PAM sets no PATH. */
const SSH_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/games';
// systemd.exec(5), "Environment Variables Set..."
export const SERVICE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';
const SHELLS = ['bash', 'zsh', 'fish'];

export async function probeWays(): Promise<PathProbe[]> {
  const ssh = (existsSync(ENVIRONMENT) ? sessionPath(readFileSync(ENVIRONMENT, 'latin1')) : null) ?? SSH_PATH;
  const shells = Promise.all([
    asked('login shell', ['/bin/sh', '-l', '-c'], { PATH: '/usr/local/bin:/usr/bin:/bin' }),
    ...SHELLS.map((shell) => `/usr/bin/${shell}`)
      .filter((shell) => existsSync(shell))
      .map((shell) =>
        asked(`ssh, ${shell.slice('/usr/bin/'.length)}`, [shell, '-c'], { PATH: ssh, SSH_CLIENT: '127.0.0.1 1 22' }),
      ),
  ]);
  const [bySudo, [login, ...ofSsh]] = await Promise.all([sudo(), shells]);
  return [
    login,
    bySudo,
    ...ofSsh,
    { way: 'ssh, sh', path: ssh, finds: firstPm2(ssh), note: null, ours: false },
    ...(existsSync('/run/systemd/system')
      ? [{ way: 'service', path: SERVICE_PATH, finds: firstPm2(SERVICE_PATH), note: null, ours: false }]
      : []),
    ...(existsSync('/usr/sbin/cron') || existsSync('/usr/sbin/crond')
      ? [{ way: 'cron job', path: CRON_PATH, finds: firstPm2(CRON_PATH), note: null, ours: false }]
      : []),
  ];
}

/** Uses only the system's startup files: HOME is /dev/null, where fish cannot make directories. */
async function asked(
  way: string,
  [shell = '', ...options]: readonly string[],
  env: Record<string, string>,
): Promise<PathProbe> {
  const script = shell.endsWith('fish') ? 'printf "\\n%s" (string join : $PATH)' : 'printf "\\n%s" "$PATH"';
  const running = promisify(execFile)(shell, [...options, script], {
    cwd: '/',
    env: { HOME: '/dev/null', ...env },
    timeout: 5000,
  });
  running.child.stdin?.end();
  const stdout = await running.then(
    (ended) => ended.stdout,
    () => '',
  );
  const path = stdout.split('\n').at(-1) ?? '';
  if (path === '') return { way, path: null, finds: null, note: `${shell} did not tell its PATH`, ours: true };
  return { way, path, finds: firstPm2(path), note: null, ours: true };
}

async function sudo(): Promise<PathProbe> {
  const secure = await askSecurePath();
  const way = wayToRootOf(secure);
  if (way !== null) becomeRootBy(way);
  const untold = (note: string): PathProbe => ({ way: 'sudo', path: null, finds: null, note, ours: true });
  switch (secure.type) {
    case 'absent':
      return untold('is not installed');
    case 'hidden':
      return untold('tells the PATH it searches to root only');
    case 'unknown':
      return untold('may run nothing for root, so its PATH is not known');
    case 'none':
      return untold("searches the caller's own PATH");
    case 'set':
      return { way: 'sudo', path: secure.path, finds: firstPm2(secure.path), note: null, ours: true };
  }
}
