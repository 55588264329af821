import type { Trap } from './trap.ts';

export const WRONG_PM2_HOME = {
  T11: {
    title: '`sudo -E`, `sudo -s`, `su -m`, setpriv: HOME survives',
    seen: 'later `connect EACCES .../rpc.sock`, PM2 advises chown of the sockets',
    cause: "a root daemon inside the user's PM2_HOME",
    answers: ['guard', 'doctor', 'repair'],
  },
  T12: {
    title: "PM2's own advice was followed: the sockets were chowned, the daemon is still root's",
    seen: 'the app user commands a root daemon, which is code execution as root',
    cause: 'the owner of the socket is not the user of the daemon',
    answers: ['doctor', 'repair'],
  },
  T13: {
    title: 'root-owned leftovers in the PM2_HOME: pm2.log, dump.pm2, reload.lock, logs/, pids/, module_conf.json',
    seen: 'raw EACCES stacks; `save` fails; `reload` prints EACCES and exits 0',
    cause: 'a root client or daemon wrote there',
    answers: ['doctor', 'repair'],
  },
  T14: {
    title: '"stay root, set PM2_HOME": `sudo PM2_HOME=/var/www/.pm2 pm2 reload app`',
    seen: 'works, then T13; the app has HOME=/root',
    cause: 'the client writes files and hands over its environment',
    answers: ['guard', 'doctor'],
  },
  T15: {
    title: 'HOME unset (cloud-init, CodeDeploy, supervisord, puppet)',
    seen: 'PM2 up to 6: `/etc/.pm2`; PM2 7: the home directory in passwd, so an upgrade splits one user in two',
    cause: 'the fallback changed',
    answers: ['guard', 'doctor'],
  },
  T16: {
    title: 'HOME=/ or a HOME that does not exist',
    seen: "`EACCES mkdir '/.pm2/logs'`",
    cause: 'the home directory in passwd is missing',
    answers: ['guard', 'doctor'],
  },
  T17: {
    title: 'PM2_HOME exported in one shell, one unit, or .bashrc only',
    seen: 'list is empty over ssh, full in the console',
    cause: 'environment differs by the way in',
    answers: ['guard', 'doctor'],
  },
  T18: {
    title: "`su user -c`, `runuser -u`: HOME changes, the caller's PM2_HOME stays",
    seen: 'commands reach the wrong daemon or EACCES',
    cause: 'su and runuser keep PM2_HOME',
    answers: ['guard'],
  },
  T19: {
    title: '`HOME=/srv/app pm2 start` to give the app a HOME',
    seen: 'a second daemon',
    cause: 'PM2 derives its PM2_HOME from HOME',
    answers: ['guard', 'doctor', 'lint'],
  },
  T20: {
    title: 'same user, private HOME (agents, IDE sandboxes, snaps)',
    seen: '"started", but other users do not see it',
    cause: 'a user-only check misses it',
    answers: ['guard', 'doctor'],
  },
  T21: {
    title: 'OVER_HOME, PM2_DAEMON_RPC_PORT, PM2_DAEMON_PUB_PORT, PM2_PID_FILE_PATH, PM2_DUMP_FILE_PATH... inherited',
    seen: 'two daemons with the same title',
    cause: "PM2's paths yield to PM2_<KEY>",
    answers: ['guard', 'doctor'],
  },
  T22: {
    title: 'several PM2_HOMEs for one user on purpose (encrypted volume, two node versions)',
    seen: 'the wrong one is restarted',
    cause: 'by design',
    answers: ['guard'],
  },
} as const satisfies Record<string, Trap>;
