import type { FindingPage } from '../finding.ts';

export const daemonPages = {
  PD101: {
    title: "the socket is not its daemon's",
    meaning: 'The owner of rpc.sock is not the user that the daemon behind it runs as.',
    trap:
      "A daemon of root was started in a user's PM2_HOME (sudo with HOME or PM2_HOME kept). The user got EACCES, " +
      'and PM2 itself advised to chown the sockets. The daemon obeys every user who can write to its socket, so ' +
      "that user has root's rights now (T12).",
    cure: "Give the socket back to the daemon's user, then move its apps to the daemon that they belong to (PD102).",
  },
  PD102: {
    title: "a daemon in another user's PM2_HOME",
    meaning:
      'A daemon of one user listens in a PM2_HOME that by the config, or by the account, belongs to another user.',
    trap:
      'sudo -E, sudo -s, su -m, setpriv: HOME or PM2_HOME survives the change of user, and PM2 looks at nothing ' +
      'else (T11). The owner of the PM2_HOME gets "connect EACCES .../rpc.sock" from then on.',
    cure:
      'Adopt its apps into the daemon of the owner of the PM2_HOME. When it runs no more apps, end it. For the ' +
      'files that it leaves, see PD3xx. Do not chown the sockets.',
  },
  PD103: {
    title: 'two daemons in one PM2_HOME',
    meaning:
      'Two daemons were bound to the same socket path. The path leads to the later one; the first still runs its ' +
      'apps, and no command reaches it.',
    trap:
      'The socket or the whole PM2_HOME was removed while the daemon ran, or two commands started one at the same ' +
      'moment (T33).',
    cure:
      "End the first with SIGKILL, then its apps: with SIGTERM it would save its list over the other's, and remove " +
      "the other's socket. What only it had is brought back from the saved list.",
  },
  PD104: {
    title: 'a daemon that no command reaches',
    meaning: 'The daemon listens on a socket whose file is gone, and runs on with its apps.',
    trap:
      'rm -rf ~/.pm2, or a clean-up job, while it ran (T33). ' +
      'The next pm2 command starts a second daemon beside it.',
    cure:
      'Let it save and end itself (SIGTERM), into a directory that is there; then resurrect what it saved. Where ' +
      'it runs in a unit, restart the unit then: it starts what was saved.',
  },
  PD105: {
    title: 'an undeclared daemon with apps',
    meaning: 'The config declares no daemon of this user in this PM2_HOME, and apps run there.',
    trap:
      'pm2 start was typed as the wrong user (sudo, a CI user, an admin: T01, T02, T04) or with another HOME (T19, ' +
      'T20).',
    cure:
      'Adopt the apps that the config puts elsewhere. If the daemon is meant, declare it. A user whose daemons ' +
      'need no guard can be listed under exempt.',
  },
  PD106: {
    title: 'an empty undeclared daemon',
    meaning: 'A daemon runs in a PM2_HOME that the config does not know, and has neither apps nor modules.',
    trap: 'Every pm2 command spawns a daemon where there is none, even pm2 list and pm2 --version (T03).',
    cure: 'End it. It saves nothing where it has nothing.',
  },
  PD107: {
    title: 'a daemon that does not answer, or not truly',
    meaning:
      "It listens and keeps silent, does not speak PM2's protocol, or lists processes that are not its children.",
    trap:
      'A daemon that is stopped or hangs still holds its socket: every pm2 command for it waits. One that lists ' +
      'processes of others was tampered with.',
    cure:
      'A stopped one goes on with SIGCONT. For one that hangs, look at pm2.log in its PM2_HOME before you end it: ' +
      'its apps end with it.',
  },
  PD108: {
    title: 'a daemon that a CI job may end',
    meaning:
      'The daemon was spawned inside a CI job, and has the variables by which the runner finds and ends whatever a ' +
      'job left behind (RUNNER_TRACKING_ID, JENKINS_NODE_COOKIE, BUILD_ID).',
    trap: 'The job ends green, and the daemon with all its apps goes with it (T39).',
    cure:
      'pm2 update from a clean environment spawns a new daemon and brings the apps back; a daemon that is in a ' +
      'unit is restarted by systemctl. In the job: call pm2 through the guard, which takes these variables out.',
  },
  PD109: {
    title: "variables that move PM2's files",
    meaning:
      'The daemon was spawned with OVER_HOME, PM2_DAEMON_RPC_PORT, PM2_DUMP_FILE_PATH or their like, so that its ' +
      'sockets, its dump or its pid file are outside of its PM2_HOME.',
    trap:
      "PM2_<KEY> in the environment of the command that starts the daemon overrides PM2's paths (T21). A call " +
      'without these variables reaches another daemon and saves to another dump.',
    cure:
      'pm2 update from a clean environment, or for a daemon in a unit systemctl restart. Where the socket itself ' +
      'was moved, adopt the apps, and end that daemon.',
  },
  PD110: {
    title: "a HOME that is not the user's",
    meaning: "The daemon has no HOME, or another than its user's home directory by passwd.",
    trap:
      'PM2 derives PM2_HOME from HOME: a private HOME (agents, sandboxes, HOME=/srv/app to please an app) is a ' +
      'second daemon (T19, T20); without HOME it is /etc/.pm2 up to PM2 6 and the home directory from 7 on (T15); ' +
      'HOME=/ is /.pm2 (T16).',
    cure:
      'Where PM2_HOME is right, pm2 update from a clean environment, or for a daemon in a unit systemctl restart, ' +
      "after the unit sets the right HOME. Otherwise adopt the apps into the daemon of the user's home directory.",
  },
  PD111: {
    title: 'a daemon outside its unit',
    meaning:
      'An enabled unit starts a daemon in this PM2_HOME at boot, and the daemon that runs there is not in the ' +
      "unit's control group.",
    trap:
      'After pm2 kill, the next pm2 command spawned it in a login session. systemd takes the unit for dead, or ' +
      'kills the daemon with the session; its limits and its restart do not hold.',
    cure:
      'Save, end the daemon, and let systemd start it. The apps stop for that moment. Where something is saved ' +
      'that does not run, resurrect first: pm2 save would forget it.',
  },
  PD112: {
    title: 'a daemon of another version',
    meaning:
      'The PM2 that the daemon has in memory is not the one that lies where it was started from, that its unit ' +
      'starts, or that the command line is.',
    trap:
      'npm install -g pm2 changes files, not the daemon; and a second installation was added for sudo or cron ' +
      '(T10). pm2 says "In-memory PM2 is out-of-date".',
    cure:
      "pm2 update, as the daemon's user; for a daemon in a unit save and systemctl restart, for pm2 update would " +
      'have systemd end the new daemon too. Both restart the apps. Keep one pm2 (PD503).',
  },
  PD113: {
    title: 'a daemon of another node',
    meaning: 'The node that runs the daemon was replaced or removed, or is not the one of its unit or of the config.',
    trap:
      'The daemon keeps the node that it was spawned with, and starts apps in cluster mode by that path; a version ' +
      'manager removes old versions.',
    cure: 'pm2 update, with the right node in PATH; a daemon that is in a unit is restarted by systemctl.',
  },
  PD114: {
    title: 'a socket that others may write to',
    meaning:
      'The socket is writable by its group, as PM2 makes it (0775), and the group has members who can get to it; ' +
      'or it is writable by all users.',
    trap:
      "A user who can write to it can have the daemon run anything as the daemon's user. When the daemon is down, " +
      'the first member who types pm2 status owns the new one (T36).',
    cure:
      'Close the PM2_HOME to the group: PM2 opens the sockets anew at every start. If they are meant to, list them ' +
      'as operators (alice, or "%group"), and let them call pm2 through the guard.',
  },
  PD115: {
    title: 'a declared daemon that does not run',
    meaning: 'The config declares it, its saved list has apps, and no process listens in its PM2_HOME.',
    trap:
      'No boot unit, or one that failed. The next pm2 command spawns an empty daemon, and a pm2 save in it loses ' +
      'the list.',
    cure: 'Start its unit; where there is none, write it with pm2 startup, or resurrect by hand.',
  },
  PD116: {
    title: 'a daemon without a socket',
    meaning:
      'A process with the title of a PM2 daemon listens on no socket. No pm2 command reaches it. Its user alone ' +
      'wrote the title, so it counts as a process of that user, whatever PM2_HOME the title names.',
    trap:
      'Several pm2 commands spawn a daemon at the same moment, as a unit and a crontab do at boot (T28), and one ' +
      'gets the socket. The others wait for ever with some 50 MB each, and so do the commands that spawned them. ' +
      'One that ends removes the pm2.pid of the daemon that lives.',
    cure:
      'End it with SIGKILL: on SIGTERM it would remove pm2.pid. A daemon that is in a unit is replaced by systemctl, ' +
      'after the living one has saved its list.',
  },
} satisfies Record<string, FindingPage>;
