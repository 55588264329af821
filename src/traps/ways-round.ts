import type { Trap } from './trap.ts';

export const WAYS_ROUND = {
  T40: {
    title: 'the real pm2 by its absolute path: `/usr/bin/pm2`, `/usr/lib/node_modules/pm2/bin/pm2`, the bin of nvm',
    seen: 'the call is not guarded',
    cause: 'the shim is found through PATH only',
    answers: ['guard', 'doctor', 'lint'],
  },
  T41: {
    title: "node_modules/.bin/pm2, `npx pm2`, npm scripts, `require('pm2')`",
    seen: 'the call is not guarded; often another version of PM2 as well',
    cause: 'npm puts node_modules/.bin first in PATH',
    answers: ['doctor', 'lint'],
  },
  T42: {
    title:
      'cron (PATH=/usr/bin:/bin), systemd units, `env -i`, `ssh host pm2 ...`, sudo with secure_path, ' +
      '`sudo -i`, `su -`, docker exec',
    seen: 'the call is not guarded, or pm2 is not found',
    cause: 'each of them sets a PATH of its own',
    answers: ['guard', 'doctor'],
  },
  T43: {
    title: 'nvm or another version manager puts its bin directory first at login',
    seen: 'the call is not guarded',
    cause: 'its lines in the shell startup file run after ours',
    answers: ['guard', 'doctor'],
  },
  T44: {
    title: "a shell alias or function: `alias pm2='authbind --deep pm2'`",
    seen: 'the guard must still meet the call',
    cause: 'the shell replaces the word before PATH is searched',
    answers: ['guard'],
  },
  T45: {
    title:
      'a command line inside another: `sudo bash -c "pm2 ..."`, `su - u -c \'...\'`, `ssh host "sudo pm2 ' + '..."`',
    seen: 'as T01, hidden in a string',
    cause: 'the user changes inside the string',
    answers: ['lint'],
  },
} as const satisfies Record<string, Trap>;
