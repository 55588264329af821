import type { FindingPage } from '../finding.ts';

export const bootPages = {
  PD401: {
    title: 'a unit whose user and PM2_HOME do not belong together',
    meaning: 'User= and PM2_HOME= of a boot unit belong to two users.',
    trap:
      'pm2 startup -u www-data without --hp takes the PM2_HOME of the user who typed it: User=www-data, ' +
      'PM2_HOME=/root/.pm2. It fails at the next boot, not before.',
    cure: 'Write it anew with both: pm2 startup systemd -u www-data --hp /var/www. pm2-guard fills in --hp.',
  },
  PD402: {
    title: 'a unit without a saved list',
    meaning: 'A unit is enabled, and its PM2_HOME has no dump.pm2.',
    trap:
      'pm2 startup was typed, pm2 save was not, or by another user into another PM2_HOME. The reboot brings ' +
      'nothing back.',
    cure: 'Start the apps as this user and save, or take the unit away.',
  },
  PD403: {
    title: 'a unit whose pm2 or node is gone',
    meaning: 'ExecStart= names a file that is not there, or PATH finds no node.',
    trap: 'The unit holds the paths of the day it was made: nvm removes a version, npm changes its prefix.',
    cure: 'Write it anew with pm2 startup, best with a node that does not move (/usr/bin/node).',
  },
  PD404: {
    title: 'one PM2_HOME is started twice',
    meaning: 'Two units, or a unit and an init script, start a daemon in the same PM2_HOME.',
    trap:
      'A second pm2 startup under another service name, or an upgrade from SysV to systemd. ' +
      'The two race at each boot.',
    cure: 'Keep the one whose user owns the PM2_HOME, and remove the other.',
  },
  PD405: {
    title: 'two units bring the same app back',
    meaning: 'Both are enabled, and both saved lists have an app of the same name and script.',
    trap:
      'The app was moved from one user to another, and the old unit left enabled. After a reboot two copies fight ' +
      'for the port.',
    cure:
      'Move the app with pm2-guard adopt, which saves both lists; take the unit away that has nothing left ' +
      'to start.',
  },
  PD406: {
    title: 'a unit of a former daemon',
    meaning: 'No daemon runs in its PM2_HOME, and all apps of its saved list run in other daemons.',
    trap:
      'Nothing is wrong until the reboot, or until the unit is started: then a second copy of everything runs, ' +
      'from an old list.',
    cure: 'Take the unit away and move the list aside.',
  },
  PD407: {
    title: 'a user that systemd does not take',
    meaning: 'User= is not a name for systemd, or no account of this host.',
    trap:
      'Hosting panels name users after domains. systemd up to 233 ignores such a line with a warning and runs the ' +
      'service as root; later ones refuse the unit, newer ones take most names. pm2 startup writes User=undefined ' +
      'where neither USER nor LOGNAME is set.',
    cure: 'Name the user by number: User=1001.',
  },
  PD408: {
    title: '@reboot and a unit',
    meaning: 'A crontab starts at boot what a unit starts as well.',
    trap:
      'Both were right once. They race, and the second daemon takes the socket of the first: its apps run on, and ' +
      'no pm2 command shows them.',
    cure: 'Take the line out of the crontab.',
  },
  PD409: {
    title: 'a stray is started by a unit or a crontab',
    meaning: 'What it starts or calls is a daemon that the config does not declare.',
    trap:
      "Root's watchdog in cron: pm2 restart app || pm2 start app.js. It never finds the app, which is another " +
      "user's, and starts a copy.",
    cure: "Let the line call the guard's pm2, take the unit away, or declare the daemon.",
  },
  PD410: {
    title: 'a unit that waits for the wrong pid file',
    meaning: "PIDFile= is not in the PM2_HOME that the unit's daemon uses.",
    trap:
      'PM2_HOME was changed in the unit, or in a drop-in, and PIDFile= was not. systemd waits, gives up, and ends ' +
      'the daemon.',
    cure: 'Set PIDFile= to pm2.pid of the same PM2_HOME.',
  },
  PD411: {
    title: 'a daemon that nothing starts at boot',
    meaning: 'The config declares it, it has apps, and no enabled unit, boot script or @reboot line starts it.',
    trap: 'pm2 startup was never typed for this user, or its unit was disabled. All is well until the next reboot.',
    cure: 'Write or enable its unit, and let systemd start the daemon. The apps stop for that moment.',
  },
  PD412: {
    title: 'a unit that has failed',
    meaning: 'systemd has given up on a unit that starts a PM2 daemon.',
    trap:
      'Another daemon had its PM2_HOME when it started (result protocol), its user or program is gone, it took too ' +
      'long, or pm2-guard blocked a unit that starts a daemon which the config does not declare (status 126).',
    cure:
      'Read its own words with journalctl. A unit that should start nothing is disabled; one whose daemon runs ' +
      'outside of it is repaired as PD111.',
  },
  PD413: {
    title: 'a unit of a user who does not linger',
    meaning:
      'A unit below ~/.config/systemd/user is enabled, and the service manager of that user runs only while the ' +
      'user is logged in.',
    trap:
      'systemctl --user enable looks as if it were for the boot. Without lingering the manager starts at the first ' +
      'login and ends, with all that it runs, after the last logout.',
    cure: 'loginctl enable-linger USER, or a unit of the system with pm2 startup.',
  },
} satisfies Record<string, FindingPage>;
