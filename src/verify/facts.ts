import { existsSync } from 'node:fs';
import { CRON_PATH } from '../host/boot/crontabs.ts';
import type { Account } from '../identity/accounts.ts';
import { realSudo } from '../identity/sudo-places.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { pamEnvironment } from './pam-environment.ts';
import { installedShells, type Shell } from './shells.ts';
import { systemdEnvironment } from './systemd-environment.ts';

export interface VerifyFacts {
  shells: readonly Shell[];
  sudo: string | null;
  doas: string | null;
  run0: string | null;
  pkexec: string | null;
  su: string | null;
  runuser: string | null;
  /** login(1) and `su -`, before the shell reads files. */
  login: (account: Account) => Record<string, string>;
  /** For `ssh host command`; null: no sshd. */
  ssh: ((account: Account) => Record<string, string>) | null;
  cron: ((account: Account) => Record<string, string>) | null;
  systemd: ((account: Account) => Record<string, string>) | null;
  at: boolean;
  /** For `docker exec`; null: not in a container. */
  container: ((account: Account) => Record<string, string>) | null;
}

/** _PATH_STDPATH of paths.h, and Debian's sshd. */
const PATHS = {
  root: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  others: '/usr/local/bin:/usr/bin:/bin:/usr/games',
};

export function factsOfHost(): VerifyFacts {
  const sshd = here('/usr/sbin/sshd', '/usr/bin/sshd');
  const systemd = systemdEnvironment();
  const cron = here('/usr/sbin/cron', '/usr/sbin/crond', '/usr/bin/crond');
  const image = here('/.dockerenv', '/run/.containerenv') === null ? null : environmentOfInit();
  const sshPaths = sshd === null ? PATHS : pathsOfSshd(sshd);
  return {
    shells: installedShells(),
    sudo: realSudo(),
    doas: existsSync('/etc/doas.conf') ? here('/usr/bin/doas', '/usr/local/bin/doas', '/usr/sbin/doas') : null,
    run0: existsSync('/run/systemd/system') ? here('/usr/bin/run0') : null,
    pkexec: here('/usr/bin/pkexec'),
    su: here('/usr/bin/su', '/bin/su'),
    runuser: here('/usr/sbin/runuser', '/sbin/runuser', '/usr/bin/runuser'),
    login: (account) =>
      withPam('login', account, {
        ...identity(account),
        PATH: loginPath(account),
        MAIL: `/var/mail/${account.name}`,
        TERM: 'dumb',
      }),
    // session.c do_setup_env, then PAM. SSH_CONNECTION makes Debian's bash read ~/.bashrc (SSH_SOURCE_BASHRC).
    ssh:
      sshd === null
        ? null
        : (account) =>
            withPam('sshd', account, {
              ...identity(account),
              PATH: account.uid === 0 ? sshPaths.root : sshPaths.others,
              SSH_CLIENT: '127.0.0.1 50022 22',
              SSH_CONNECTION: '127.0.0.1 50022 127.0.0.1 22',
            }),
    // do_command.c: the table's variables override PAM's; PATH has this default.
    cron:
      cron === null
        ? null
        : (account) => ({
            ...withPam('cron', account, {}),
            HOME: account.homeDirectory,
            LOGNAME: account.name,
            SHELL: '/bin/sh',
            PATH: CRON_PATH,
          }),
    // systemd.exec(5): User= sets these variables.
    systemd: systemd === null ? null : (account) => ({ ...systemd, ...(account.uid === 0 ? {} : identity(account)) }),
    at: here('/usr/bin/at') !== null,
    container: image === null ? null : ({ homeDirectory }) => ({ ...image, HOME: homeDirectory }),
  };
}

/** From the image and `docker run -e`. Keeps only two names: the rest may hold keys and passwords. */
function environmentOfInit(): Record<string, string> | null {
  const entries = readTextOrEmpty('/proc/1/environ')
    .split('\0')
    .filter((entry) => /^(PATH|PM2_GUARD)=/.test(entry));
  return entries.length === 0
    ? null
    : Object.fromEntries(
        entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
      );
}

function identity({ homeDirectory, name, shell }: Account): Record<string, string> {
  return { HOME: homeDirectory, USER: name, LOGNAME: name, SHELL: shell };
}

function withPam(service: string, account: Account, env: Record<string, string>): Record<string, string> {
  return { ...env, ...pamEnvironment(service, account, env) };
}

/** ENV_SUPATH and ENV_PATH of login.defs(5). */
function loginPath({ uid }: Account): string {
  const name = uid === 0 ? 'ENV_SUPATH' : 'ENV_PATH';
  const set = new RegExp(`^\\s*${name}\\s+(?:PATH=)?(\\S+)`, 'm').exec(readTextOrEmpty('/etc/login.defs'))?.[1];
  return set ?? (uid === 0 ? PATHS.root : PATHS.others);
}

/** sshd does not print its compiled PATHs, so search its binary; since 9.8 that is sshd-session. */
function pathsOfSshd(sshd: string): typeof PATHS {
  const files = [
    sshd,
    '/usr/lib/openssh/sshd-session',
    '/usr/libexec/openssh/sshd-session',
    '/usr/libexec/sshd-session',
    '/usr/lib/ssh/sshd-session',
  ];
  const found = files.flatMap((file) =>
    [...readTextOrEmpty(file, 'latin1').matchAll(/\0((?:\/[\w.-]+)+(?::(?:\/[\w.-]+)+)+)(?=\0)/g)].map(
      ([, path = '']) => path,
    ),
  );
  const [others] = found.filter((path) => /(^|:)\/usr\/bin(:|$)/.test(path) && !path.startsWith('/usr/local/sbin'));
  const [root] = found.filter((path) => path.startsWith('/usr/local/sbin'));
  return { root: root ?? others ?? PATHS.root, others: others ?? PATHS.others };
}

function here(...candidates: string[]): string | null {
  return candidates.find((path) => existsSync(path)) ?? null;
}
