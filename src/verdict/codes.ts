/** A stable code's page (`pm2-guard explain PG101`). */
export interface Page {
  title: string;
  meaning: string;
  /** What plain pm2 would have done. */
  trap: string;
  cure: string;
}

export const codes = {
  PG001: {
    title: 'passed: the right user, the right PM2_HOME',
    meaning: 'The call reaches the right daemon without a change. The real pm2 ran as if there were no guard.',
    trap: 'None.',
    cure: 'Nothing to do.',
  },
  PG002: {
    title: 'passed: the caller is exempt',
    meaning: 'The config lists the caller under `exempt`: the calls of these users are left alone.',
    trap: 'What an exempt user starts lives in a daemon of that user, where other users do not find it.',
    cure: 'Take the user out of `exempt` to have the calls guarded.',
  },
  PG003: {
    title: 'observed: it would have been rewritten or blocked',
    meaning: '`mode: observe` reports what the guard would have stopped, and lets it through.',
    trap: 'The call went to the daemon that plain pm2 uses, which is not the one that the config names.',
    cure: 'When the reports are as you expect them, set `mode: rewrite` or `mode: block`.',
  },
  PG004: {
    title: 'passed: PM2_GUARD=off',
    meaning: 'The caller asked to be left alone, and `bypass` in the config allows it. The call is recorded.',
    trap: 'The call went to the daemon that plain pm2 uses, which may not be the one that the config names.',
    cure: 'Nothing to do. To take the possibility away, set `bypass: root` or `bypass: nobody`.',
  },
  PG005: {
    title: 'passed: the command needs no daemon',
    meaning:
      '`--version`, `--help`, `init`, `deploy` and their like run as the caller, in the directory of the call. ' +
      'Plain pm2 spawns a daemon even for these; the guard leaves none behind.',
    trap: 'None.',
    cure: 'Nothing to do.',
  },
  PG006: {
    title: "passed: it lives in the caller's own daemon alone",
    meaning:
      'No rule of the config names the app, no declared daemon has it, and the daemon of the caller, which the ' +
      'config does not declare, runs it. So the call goes there.',
    trap: 'Other people do not find the app: it is a stray.',
    cure: 'Bring it where it belongs with `sudo pm2-guard adopt NAME`, or declare the daemon in the config.',
  },
  PG007: {
    title: 'passed: the call names a running daemon of the caller',
    meaning:
      'PM2_HOME, OVER_HOME or HOME names a daemon that the config does not declare. It lives and belongs to the ' +
      'caller, and the command only reads.',
    trap: 'The list is that of a stray daemon.',
    cure: 'Leave the variable out to see the declared daemon.',
  },
  PG008: {
    title: 'passed: it removes the boot unit of an undeclared daemon',
    meaning: '`pm2 unstartup` takes a unit away that would start a daemon at boot which the config does not declare.',
    trap: 'None. Without this call, the forgotten unit would start a second copy of the apps at the next boot.',
    cure: 'Nothing to do.',
  },
  PG009: {
    title: "passed: work on this host's own PM2",
    meaning: "`deepUpdate`, `install-otel` and their like change the installed PM2 itself and no daemon's apps.",
    trap: 'None.',
    cure: 'Nothing to do.',
  },
  PG101: {
    title: 'wrong user',
    meaning:
      'PM2 runs one daemon for each user and PM2_HOME. The caller is not the user of the daemon that the app ' +
      'belongs to.',
    trap:
      "`sudo pm2 start app` registers the app with root. Two weeks later `pm2 restart app`, typed as the app's " +
      'user, answers "Process or Namespace app not found" while the site is up.',
    cure:
      "Type the command shown. In `mode: rewrite`, root's calls are put right without being asked. If the app " +
      'should live elsewhere, change `apps` in the config.',
  },
  PG102: {
    title: 'right user, wrong PM2_HOME',
    meaning:
      "The caller is the right user, but PM2_HOME, HOME or one of PM2's path variables leads to another daemon of " +
      'the same user.',
    trap: 'A second daemon is spawned beside the first; lists are empty over ssh and full in the console.',
    cure:
      'Type the command shown behind `run:`, and find where the variable comes from: a shell profile, a unit, a CI ' +
      'job.',
  },
  PG103: {
    title: 'two daemons own this name',
    meaning:
      'The config gives the name to more than one daemon, and neither the caller nor a path says which is meant.',
    trap: 'A staging deploy restarts production.',
    cure: "Type one of the commands shown; or run it as the user whose app it is, or from below that daemon's `paths`.",
  },
  PG104: {
    title: 'one call, two owners',
    meaning:
      'The apps on this command line, or in this process file, belong to different daemons. One pm2 talks to one ' +
      'daemon.',
    trap: 'Plain pm2 starts the ones it does not find a second time, in the wrong daemon.',
    cure: 'Type the commands shown, one for each daemon.',
  },
  PG105: {
    title: 'no declared daemon',
    meaning:
      'Nothing says where this call belongs, and the daemon that plain pm2 would use, and spawn, is not in the ' +
      'config. Or PM2_HOME names an undeclared daemon, and the command would change or start it. Only commands that ' +
      'read pass. The call is not sent to another daemon, because that one was not meant. Or a call through sudo is ' +
      'for a daemon that the config behind sudo does not declare: PM2_GUARD_CONFIG counts before sudo only.',
    trap:
      'Every pm2 command spawns a daemon where there is none, `pm2 list` and `pm2 --version` too. The ' +
      'commands of other users do not find what is started there.',
    cure:
      'Declare the daemon, name a `default`, list the user under `exempt`, or type one of the commands shown. A ' +
      'unit of `pm2 startup` for a daemon that is not wanted: `sudo systemctl disable --now` it.',
  },
  PG106: {
    title: 'startup, logrotate: no such daemon, or more than one',
    meaning: '-u and --hp of `pm2 startup` must name one declared daemon.',
    trap: 'The unit would start a second daemon at boot, beside the right one.',
    cure: 'Name the user with -u and the directory above .pm2 with --hp, as in the commands shown.',
  },
  PG107: {
    title: 'startup, logrotate: user and PM2_HOME do not belong together',
    meaning: "PM2 takes the unit's user from -u and its PM2_HOME from --hp, or from the caller.",
    trap: '`sudo pm2 startup -u www-data` writes User=www-data with PM2_HOME=/root/.pm2, which fails at the next boot.',
    cure: 'Give both, as in the command shown; in `mode: rewrite` the guard fills them in.',
  },
  PG108: {
    title: 'a name kept for verify',
    meaning:
      'Names that begin with pm2-guard-verify- belong to no daemon. `pm2-guard verify` makes a call with one and ' +
      'sees it blocked: so it knows that the guard answered, for every caller, exempt or not, and in every mode.',
    trap: 'None: PM2 never sees the call, nothing is written, not even to the system log.',
    cure: 'Give the app another name.',
  },
  PG109: {
    title: 'several daemons could be meant',
    meaning:
      'The call ends, erases or interrupts something, and neither the words nor the config say in which daemon: ' +
      '`kill`, `stop all`, an id, a pattern, or an app that runs in two daemons.',
    trap:
      'As root, `pm2 kill` is the usual way to be rid of a daemon that `sudo pm2` left behind. Sent to the default ' +
      "daemon, it would stop production. Sent to root's daemon, it may stop the wrong one.",
    cure: 'Type the line that says what you mean. Each shows what runs there now.',
  },
  PG110: {
    title: 'the user could not be changed',
    meaning: "Root's rights could not be given up for good, so nothing was run.",
    trap: "Running on would have meant running as root in another user's PM2_HOME.",
    cure:
      'The message says which step failed. Where node does not change users itself (CVE-2024-22017), setpriv of ' +
      'util-linux does it: install that package.',
  },
  PG111: {
    title: 'the owner cannot enter this directory',
    meaning: "The call names files relative to the current directory, which the daemon's user cannot enter.",
    trap: 'PM2 would fail half way: its daemon is spawned in the current directory.',
    cure:
      'Go to a directory that the owner can enter, or type absolute paths and --cwd. Where the call names scripts by ' +
      'absolute paths, the message shows it with --cwd.',
  },
  PG113: {
    title: 'root would run what others can change',
    meaning:
      'The real pm2, a module that it loads, the node that the config pins for it, the PM2_HOME of a daemon of ' +
      "root's, or a directory above one of these, can be written by another user than root.",
    trap: "A user who can write it has root's rights with the next pm2 that root types.",
    cure:
      'Install pm2 where only root writes (`sudo npm install -g pm2`), then `sudo pm2-guard install`; or repair ' +
      'owner and mode of the path shown.',
  },
  PG114: {
    title: 'no node that the owner can run',
    meaning: "The node pinned in the config, or the one at hand, cannot be executed by the daemon's user.",
    trap: "PM2 spawns its daemon with it: root's node below /root/.nvm is out of reach for all other users.",
    cure: 'Install node for the whole system, or pin one with `node:` in the config.',
  },
  PG115: {
    title: 'as another user',
    meaning:
      '`--uid`, `--gid`, `--user`, or `user` in a process file asks for another user than the one whose daemon the ' +
      'app belongs to.',
    trap:
      'Only a daemon of root\'s can run apps as other users. Every other daemon answers "To use --uid and --gid ' +
      'please run pm2 as root".',
    cure:
      'Leave the option out: a daemon runs its apps as its own user. Or declare a daemon for the user who should ' +
      'run the app.',
  },
  PG116: {
    title: "the daemon's user cannot read it",
    meaning:
      'The script, the process file or a directory on the way to it is closed to the user whose daemon the app ' +
      'belongs to.',
    trap: 'PM2 answers "Script not found" about a file that is there.',
    cure:
      'Put the code where that user can read it, for instance below /srv, or open the directory that is shown: ' +
      'chmod o+x DIRECTORY. Do not open /root.',
  },
  PG117: {
    title: 'a unit runs this daemon',
    meaning:
      "`pm2 update` replaces the daemon by a new one. systemd started the old one and runs the unit's `ExecStop=`, " +
      '`pm2 kill`, when it ends.',
    trap: 'That ends the new daemon with all its apps. The unit is inactive, and nothing starts them again.',
    cure:
      'Save the list and restart the unit, as in the commands shown: the new daemon has the new PM2, node and ' +
      'environment. A unit whose daemon has no `ExecStop=` is left alone.',
  },
  PG118: {
    title: 'a PM2_HOME that its user cannot make',
    meaning:
      "The PM2_HOME of the daemon does not exist, and the daemon's user may not make it. Or it exists, and that user " +
      'may not write in it.',
    trap: 'PM2 answers with a stack trace for each directory that it cannot make, and starts nothing.',
    cure: 'Type the line that is shown: it makes the directory for that user. `pm2-guard check` shows it too.',
  },
  PG301: {
    title: 'the config cannot be used',
    meaning:
      'The config is missing, broken, or could be changed by others than root, and no policy was compiled before.',
    trap: 'Without a policy the guard cannot know which daemon a call belongs to.',
    cure: 'Run `sudo pm2-guard check` and mend what it shows. Meanwhile root can run `PM2_GUARD=off pm2 ...`.',
  },
  PG302: {
    title: 'no real pm2',
    meaning: 'The install record, the config and PATH lead to no real pm2, or the `pm2:` of the daemon is none.',
    trap: 'A guard that started itself as pm2 would loop for ever.',
    cure: 'Install pm2 (`sudo npm install -g pm2`) and let the guard find it: `sudo pm2-guard install`.',
  },
} as const satisfies Record<string, Page>;

export type Code = keyof typeof codes;
