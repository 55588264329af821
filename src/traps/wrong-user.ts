import type { Trap } from './trap.ts';

export const WRONG_USER = {
  T01: {
    title: '`sudo pm2 start app`, later `pm2 restart app` as the app user',
    seen: '`[PM2][ERROR] Process or Namespace app not found`, the site is up',
    cause: "root's HOME, root's daemon",
    answers: ['guard', 'doctor', 'repair', 'lint'],
  },
  T02: {
    title: 'the inverse of T01: root owns the app, and an admin restarts it as another user',
    seen: '"deployed", but the old code is served; copies crash on EACCES',
    cause: "the admin's own daemon is spawned",
    answers: ['guard', 'doctor', 'repair'],
  },
  T03: {
    title: 'PHP, a webhook or a monitor shells out: `exec("pm2 jlist")` as www-data',
    seen: "`[]`, or PM2's welcome banner",
    cause: "new daemon in the web user's PM2_HOME, no TTY",
    answers: ['guard', 'doctor'],
  },
  T04: {
    title: 'a CI user (jenkins, gitlab-runner) deploys',
    seen: 'green job, two copies, EADDRINUSE',
    cause: "CI user's own daemon",
    answers: ['guard', 'doctor', 'repair', 'lint'],
  },
  T05: {
    title: 'a root cron watchdog "heals": `pm2 restart app || pm2 start app.js`',
    seen: 'a duplicate at each incident',
    cause: 'not-found turned into a start',
    answers: ['guard', 'doctor', 'lint'],
  },
  T06: {
    title: '`sudo npm run deploy`, whose script calls pm2',
    seen: 'as T01, through node_modules/.bin when PM2 is a local dependency',
    cause: 'the shim is not on that path',
    answers: ['doctor', 'lint'],
  },
  T07: {
    title: '`sudo -iu www-data pm2 restart app` for a nologin user',
    seen: '`This account is currently not available.`, nothing restarted',
    cause: '-i runs the login shell',
    answers: ['guard', 'lint'],
  },
  T08: {
    title: 'sudo rights for one runas user only: `sudo pm2 restart app` as deploy',
    seen: 'sudo\'s "not allowed", or a password prompt in CI',
    cause: 'rights are for `(www-data)`, the command says root',
    answers: ['guard'],
  },
  T09: {
    title: '`sudo -u www-data PM2_HOME=/x pm2 ...` with narrow sudo rights',
    seen: '`sorry, you are not allowed to set the following environment variables: PM2_HOME`',
    cause: 'SETENV is not granted',
    answers: ['guard'],
  },
  T10: {
    title: '`pm2: command not found` under sudo, ssh or cron, so people symlink a second pm2',
    seen: 'two pm2 versions; "In-memory PM2 is out-of-date"',
    cause: "secure_path, nvm, cron's PATH",
    answers: ['guard', 'doctor', 'lint'],
  },
} as const satisfies Record<string, Trap>;
