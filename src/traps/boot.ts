import type { Trap } from './trap.ts';

export const BOOT = {
  T23: {
    title: "root's unit and the user's unit both resurrect the app",
    seen: 'EADDRINUSE after a reboot; which one wins is a race',
    cause: 'the old unit was left enabled',
    answers: ['doctor', 'repair', 'lint'],
  },
  T24: {
    title: 'an enabled but inactive old unit with a stale dump',
    seen: 'invisible until the reboot, then a second copy',
    cause: 'the old unit was not removed',
    answers: ['doctor', 'repair'],
  },
  T25: {
    title: '`pm2 startup -u X` without `--hp`',
    seen: 'User=X, PM2_HOME=/root/.pm2; fails at boot',
    cause: 'user and PM2_HOME resolved apart',
    answers: ['guard', 'doctor', 'lint'],
  },
  T26: {
    title: '`pm2 save` as the wrong user, `save --force`',
    seen: 'exit 0, saved nothing, or overwrote the list with nothing',
    cause: 'empty list of another daemon',
    answers: ['guard', 'lint'],
  },
  T27: {
    title: 'unit `User=` that systemd ignores (a domain as a name)',
    seen: 'the daemon runs as root',
    cause: "systemd's name rule",
    answers: ['doctor'],
  },
  T28: {
    title: '`@reboot` cron and a unit race',
    seen: 'two daemons, one PM2_HOME',
    cause: 'two spawners',
    answers: ['doctor', 'lint'],
  },
  T29: {
    title: 'dump.pm2 copied to another user, then `resurrect`',
    seen: 'exit 0, nothing starts',
    cause: 'old HOME, log and pid paths in the dump',
    answers: ['repair'],
  },
  T30: {
    title: 'dump.pm2 is mode 0644 and holds every secret in the environment; or the PM2_HOME is under a web root',
    seen: 'readable by all',
    cause: "PM2's umask",
    answers: ['doctor'],
  },
  T46: {
    title:
      'the daemon is down, and the first `pm2 restart app` spawns it from a login session, a CI job or ' +
      'cron, outside its unit',
    seen:
      'the unit says inactive while the app runs; the app dies at logout (KillUserProcesses) or with the ' +
      'job; `systemctl stop` and `restart` do nothing or hang in activating',
    cause: 'a client spawns the daemon into its own control group',
    answers: ['guard', 'doctor', 'repair', 'lint'],
  },
} as const satisfies Record<string, Trap>;
