import type { FindingPage } from '../finding.ts';

export const homePages = {
  PD301: {
    title: 'a socket that no process listens on',
    meaning: 'rpc.sock or pub.sock is there, connecting is refused, and no process has it.',
    trap:
      'PM2 removes its sockets when it ends in order. These were left by a daemon that was killed (kill -9, out of ' +
      'memory, a power cut): its apps are not running, and no message says so.',
    cure:
      'Remove the sockets, or start the daemon again: it takes their place. doctor --fix removes them after it has ' +
      'made sure once more that they are dead.',
  },
  PD302: {
    title: 'a pid file that names no daemon',
    meaning:
      'pm2.pid names a process that has ended, that is another program by now, or that is not the daemon of this ' +
      'PM2_HOME.',
    trap:
      'systemd takes the process in PIDFile= for the service, and scripts end it with kill $(cat pm2.pid): numbers ' +
      'are used again, so it may be any other process.',
    cure: 'If no daemon runs there, remove the file. If one does, write its number into it.',
  },
  PD303: {
    title: "root has written in a user's PM2_HOME",
    meaning:
      "Some of PM2's files in this PM2_HOME belong to root. A pm2 command of root made them: the daemon was the " +
      "user's, or none was running.",
    trap:
      '"Stay root, set PM2_HOME": sudo PM2_HOME=/var/www/.pm2 pm2 reload app works, and leaves dump.pm2, ' +
      "reload.lock, logs or module_conf.json behind as root's. Later the user's own pm2 save fails with EACCES, " +
      'and reload prints EACCES and exits 0.',
    cure:
      'Give the files to the user (chown -h, never with -R through links). A file with a second name elsewhere is ' +
      'left alone: it may belong to another user. doctor --fix gives away only what the user could read.',
  },
  PD304: {
    title: "a daemon of root has run in a user's PM2_HOME",
    meaning: 'Its sockets and pid file are still there and belong to root. No process listens.',
    trap:
      "sudo -E, sudo -s or su -m keep HOME, and pm2 as root started its daemon in the user's PM2_HOME. The daemon " +
      'ended. The user gets EACCES on the files that it left, and PM2 advises to chown the sockets, which are dead.',
    cure:
      'Remove the sockets and the pid file, give the rest to the user, then start the daemon as the user: pm2 ' +
      'resurrect.',
  },
  PD306: {
    title: 'files of a third user in a PM2_HOME',
    meaning: "Some of PM2's files in this PM2_HOME belong neither to its user nor to root.",
    trap:
      'A backup restored with other uids, a renamed account, a shared PM2_HOME. A user who can write dump.pm2 ' +
      'decides what the next resurrect runs as the owner of the PM2_HOME.',
    cure: 'Find out why; then give them to the user. doctor --fix does not decide between two users.',
  },
  PD307: {
    title: '/etc/.pm2: pm2 without HOME',
    meaning: 'PM2 5 and 6, and any PM2 with HOME set to nothing, use the PM2_HOME /etc/.pm2.',
    trap:
      'cloud-init, deployment agents and supervisors start things without HOME. The apps run, and users who log in ' +
      'do not see them. PM2 7 uses another PM2_HOME, so an upgrade makes two daemons of one.',
    cure:
      'Move the apps to a daemon with another PM2_HOME, end this one, move the directory away, and set PM2_HOME ' +
      'where the service or script is defined.',
  },
  PD308: {
    title: 'a PM2_HOME that belongs to no user',
    meaning: 'PM2_HOME is /.pm2, or lies in a directory that does not exist.',
    trap:
      'A service account whose home directory is / or was never made. As root a daemon appears in /.pm2. As any ' +
      "other user pm2 ends with EACCES: mkdir '/.pm2/logs'.",
    cure: 'Make the home directory, or set PM2_HOME. Then move the apps of /.pm2 there.',
  },
  PD309: {
    title: 'a PM2_HOME that the upgrade to PM2 7 moves',
    meaning: 'A unit or a daemon of PM2 5 or 6 has neither HOME nor PM2_HOME, and so uses /etc/.pm2.',
    trap:
      'PM2 7 takes the home directory of passwd instead. After the upgrade the unit resurrects another list, or ' +
      'none, and the old daemon may live on.',
    cure: 'Set PM2_HOME now: Environment=PM2_HOME=/etc/.pm2 keeps it where it is with every version.',
  },
  PD310: {
    title: 'secrets that every user can read',
    meaning:
      'dump.pm2 or its backup holds variables that look like passwords, keys or tokens, and every user of this ' +
      'host can read it.',
    trap: 'pm2 save writes the whole environment of each app, with the umask of the shell: mode 0644.',
    cure:
      'chmod go= dump.pm2 dump.pm2.bak. PM2 writes to the files that are there, so the mode stays. Change the ' +
      'secrets if others may have read them.',
  },
  PD311: {
    title: 'a PM2_HOME below a web root',
    meaning: 'The PM2_HOME lies in a directory that a web server serves.',
    trap:
      "/var/www is the home directory of www-data, and a site's root is sometimes set there: /.pm2/dump.pm2 is a " +
      'request away.',
    cure:
      'Close the PM2_HOME to others at once (chmod go=). That does not help if the web server runs as its owner: ' +
      'then refuse /.pm2 in the server, or give the daemon another PM2_HOME and adopt its apps there.',
  },
  PD312: {
    title: 'a saved list of another PM2_HOME',
    meaning: 'dump.pm2 names the PM2_HOME, logs or pid files of another PM2_HOME.',
    trap:
      'It was copied from another user to move the apps. pm2 resurrect exits 0, and nothing starts, because the ' +
      "paths are not the new user's.",
    cure:
      'Move it aside. Then bring the apps over with pm2-guard adopt, which rewrites those paths, or start them again ' +
      'by hand.',
  },
  PD313: {
    title: "links and oddities among PM2's files",
    meaning:
      "A file that PM2 opens by name is a link out of the PM2_HOME, a second name of another user's file, a FIFO " +
      'or a device.',
    trap: 'A pm2 that root runs in this PM2_HOME writes through it: pm2 flush empties what the link leads to.',
    cure: "Remove it. Never run pm2 as root in a user's PM2_HOME.",
  },
  PD314: {
    title: 'a PM2_HOME that others can replace',
    meaning: 'A directory or a link on the path of the PM2_HOME belongs to a third user, or can be written by others.',
    trap:
      'A user who can rename the PM2_HOME can put another in its place, with another saved list: the next ' +
      'resurrect runs that list as the owner of the PM2_HOME.',
    cure: 'Remove the write permission of others, as sshd requires for ~/.ssh.',
  },
  PD315: {
    title: "apps with another user's HOME",
    meaning: 'The saved environment of an app names the home directory of another user.',
    trap:
      'It was started by root with PM2_HOME set: the client hands its whole environment to the daemon, HOME=/root ' +
      'with it.',
    cure: "Restart it as the daemon's user with --update-env, and save.",
  },
  PD316: {
    title: 'a PM2_HOME that its user cannot make',
    meaning:
      'The config declares a daemon whose PM2_HOME does not exist, in a directory where its user cannot make it.',
    trap:
      "/var/www is root's on most systems, and the home directory of www-data: PM2 as www-data cannot make " +
      '/var/www/.pm2, and prints stacks of EACCES.',
    cure: "Make it once, as the user's: sudo install -d -o www-data -g www-data -m 0755 /var/www/.pm2.",
  },
} satisfies Record<string, FindingPage>;
