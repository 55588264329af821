// The Debian packages that the tests need. Run by root, this installs those that are missing. Plain JavaScript without
// dependencies, so that .ci/run can start it before anything else is installed:  node test/harness/debian.mjs
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** By package, a file that it brings. */
const packages = {
  sudo: '/usr/bin/sudo',
  'groff-base': '/usr/bin/groff',
  lintian: '/usr/bin/lintian',
  mandoc: '/usr/bin/mandoc',
  'man-db': '/usr/bin/man',
  tmux: '/usr/bin/tmux',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  cron: '/usr/sbin/cron',
  at: '/usr/bin/at',
  authbind: '/usr/bin/authbind',
  'openssh-server': '/usr/sbin/sshd',
  'openssh-client': '/usr/bin/ssh',
  'bash-completion': '/usr/share/bash-completion/bash_completion',
  busybox: '/usr/bin/busybox',
  rsyslog: '/usr/sbin/rsyslogd',
  systemd: '/usr/bin/journalctl',
  shellcheck: '/usr/bin/shellcheck',
  passwd: '/usr/sbin/useradd',
  'util-linux': '/usr/bin/unshare',
  'perl-base': '/usr/bin/perl',
};

/** Says what is missing where it cannot be installed: not root, or no Debian. Throws where apt fails. */
export function installDebianPackages() {
  const missing = Object.entries(packages).filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(
      `test/harness: missing ${missing.join(', ')}; tests that need a throwaway host need them:  ` +
        `sudo apt-get install ${missing.join(' ')}`,
    );
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env };
  execFileSync('apt-get', ['update', '-qq'], options);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installDebianPackages();
