import type { Trap } from './trap.ts';

export const DUPLICATES = {
  T31: {
    title: 'a ghost: the killed node process comes back, the list is empty',
    seen: '"uninstalled pm2, still running"',
    cause: "another user's daemon revives it",
    answers: ['doctor', 'repair'],
  },
  T32: {
    title: 'the same app in two daemons',
    seen: 'EADDRINUSE loop, doubled cron jobs and mails',
    cause: 'a start beside a running one',
    answers: ['guard', 'doctor', 'repair'],
  },
  T33: {
    title: 'two daemons, one PM2_HOME',
    seen: 'list is empty or flickers',
    cause: 'stale socket, `rm -rf ~/.pm2` while running',
    answers: ['doctor', 'repair'],
  },
  T34: {
    title: 'list-wide verbs in the wrong daemon: `kill`, `delete all`, `restart all`, `update`',
    seen: "other people's apps die",
    cause: 'no app name to check',
    answers: ['guard', 'lint'],
  },
  T35: {
    title: 'the same app name in two daemons on purpose (staging, prod users)',
    seen: 'a staging deploy restarts prod',
    cause: 'name alone is no key',
    answers: ['guard'],
  },
  T36: {
    title: 'a PM2_HOME that a group shares: the daemon is down, a member types `pm2 status`',
    seen: 'that member is the new owner',
    cause: 'any client spawns',
    answers: ['guard', 'doctor'],
  },
  T37: {
    title: 'which daemon owns port 3000, or process 4711?',
    seen: 'no pm2 command answers it',
    cause: 'PM2 lists one daemon at a time, and no ports',
    answers: ['doctor'],
  },
  T38: {
    title: '`pm2 ls` shows the wrong user',
    seen: "the caller's name, not the daemon's",
    cause: "PM2's command line fills the column in itself",
    answers: ['doctor'],
  },
  T39: {
    title: 'a daemon spawned in a CI job dies at its end',
    seen: 'the app is gone after a green job',
    cause: 'RUNNER_TRACKING_ID, JENKINS_NODE_COOKIE, BUILD_ID inherited',
    answers: ['guard', 'doctor'],
  },
  T47: {
    title: 'the cure typed in the wrong place: `sudo pm2 kill`, `delete all` to be rid of a stray',
    seen: 'the stray lives on, production is gone',
    cause: 'which daemon is meant depends on who types',
    answers: ['guard', 'doctor', 'lint'],
  },
  T48: {
    title: 'root becomes root by other ways: `sudo su -`, doas, run0, pkexec, then types `pm2 start`',
    seen: 'as T01',
    cause: 'no SUDO_USER tells of it',
    answers: ['guard', 'lint'],
  },
} as const satisfies Record<string, Trap>;
