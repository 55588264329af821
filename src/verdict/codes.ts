/** The stable codes of verdicts and refusals, each with its page (`pm2-guard explain PG101`). */
export interface Page {
  title: string;
  /** What happened, in PM2's terms. */
  meaning: string;
  /** Why it is a trap: what plain pm2 would have done. */
  trap: string;
  /** What to do. */
  cure: string;
}

export const codes: Record<string, Page> = {
  PG001: {
    title: 'passed: the right user, the right home',
    meaning: 'The call lands in the daemon it belongs to as it is; the real pm2 ran as if there were no guard.',
    trap: 'None.',
    cure: 'Nothing to do.',
  },
  PG002: {
    title: 'passed: the caller is exempt',
    meaning: 'The config lists the caller under `exempt`: the calls of these users are left alone.',
    trap: 'Whatever an exempt user starts lives in a daemon of his own, and nobody else finds it.',
    cure: 'Take the user out of `exempt` to have the calls guarded.',
  },
  PG003: {
    title: 'observed: it would have been rewritten or blocked',
    meaning: '`mode: observe` reports what the guard would have stopped, and lets it through.',
    trap: 'The call went to the daemon that plain pm2 uses, which is not the one that the config names.',
    cure: 'When the reports are as you expect them, set `mode: rewrite` or `mode: block`.',
  },
  PG101: {
    title: 'wrong user',
    meaning: 'PM2 runs one daemon for each user and PM2_HOME. The caller is not the user of the daemon that the app belongs to.',
    trap: '`sudo pm2 start app` registers the app with root. Two weeks later `pm2 restart app`, typed as the app\'s user, answers "Process or Namespace app not found" while the site is up.',
    cure: 'Type the command shown behind `run:`. In `mode: rewrite`, root\'s calls are put right without being asked. If the app should live elsewhere, change `apps` in the config.',
  },
  PG102: {
    title: 'right user, wrong home',
    meaning: 'The caller is the right user, but PM2_HOME, HOME or one of PM2\'s path variables leads to another daemon of the same user.',
    trap: 'A second daemon is spawned beside the first; lists are empty over ssh and full in the console.',
    cure: 'Type the command shown behind `run:`, and find where the variable comes from: a shell profile, a unit, a CI job.',
  },
  PG103: {
    title: 'two daemons own this name',
    meaning: 'The config gives the name to more than one daemon, and neither the caller nor a path says which is meant.',
    trap: 'A staging deploy restarts production.',
    cure: 'Type one of the commands shown; or run it as the user whose app it is, or from below that daemon\'s `paths`.',
  },
  PG104: {
    title: 'one call, two owners',
    meaning: 'The apps on this command line, or in this process file, belong to different daemons. One pm2 talks to one daemon.',
    trap: 'Plain pm2 starts the ones it does not find a second time, in the wrong daemon.',
    cure: 'Type the commands shown, one for each daemon.',
  },
  PG105: {
    title: 'no declared daemon',
    meaning: 'Nothing says where this call belongs, and the daemon that plain pm2 would use, and spawn, is not in the config. Or it names the home of such a daemon and would end or begin it (`kill`, `resurrect`, `update`), as the unit of a forgotten daemon does: no other daemon must suffer for it.',
    trap: 'Every pm2 command spawns a daemon where there is none, `pm2 list` and `pm2 --version` too. What is started there is found by nobody.',
    cure: 'Declare the daemon, name a `default`, list the user under `exempt`, or type one of the commands shown. A unit of `pm2 startup` for a daemon that nobody wants: `sudo systemctl disable --now` it.',
  },
  PG106: {
    title: 'startup: no such daemon, or more than one',
    meaning: '-u and --hp of `pm2 startup` must name one declared daemon.',
    trap: 'The unit would revive a daemon at boot that nobody uses, beside the right one.',
    cure: 'Name the user with -u and the directory above .pm2 with --hp, as in the commands shown.',
  },
  PG107: {
    title: 'startup: user and home do not belong together',
    meaning: 'PM2 takes the unit\'s user from -u and its home from --hp, or from whoever calls.',
    trap: '`sudo pm2 startup -u www-data` writes User=www-data with PM2_HOME=/root/.pm2, which fails at the next boot.',
    cure: 'Give both, as in the command shown; in `mode: rewrite` the guard fills them in.',
  },
  PG108: {
    title: 'a name kept for verify',
    meaning: 'Names that begin with pm2-guard-verify- belong to no daemon. `pm2-guard verify` makes a call with one and sees it blocked: so it knows that the guard answered, whoever calls, exempt or not, and in every mode.',
    trap: 'None: PM2 never sees the call, nothing is written, not even to the system log.',
    cure: 'Give the app another name.',
  },
  PG110: {
    title: 'the user could not be changed',
    meaning: 'Root\'s rights could not be given up for good, so nothing was run.',
    trap: 'Running on would have meant running as root in somebody else\'s home.',
    cure: 'The message says which step failed. For CVE-2024-22017, update node.',
  },
  PG111: {
    title: 'the owner cannot enter this directory',
    meaning: 'The call names files relative to the current directory, which the daemon\'s user cannot enter.',
    trap: 'PM2 would fail half way: its daemon is spawned in the current directory.',
    cure: 'Go to a directory that the owner can enter, or type absolute paths and --cwd.',
  },
  PG112: {
    title: 'startup: the home is not there yet',
    meaning: 'The daemon\'s home is not called .pm2, so it can be told to PM2 by PM2_HOME only, and PM2 would create it as root.',
    trap: 'Root-owned files in a user\'s PM2_HOME: raw EACCES stacks later.',
    cure: 'Start the daemon once as its own user, as in the message, then repeat.',
  },
  PG113: {
    title: 'root would run what others can change',
    meaning: 'The real pm2, or a directory above it, can be written by somebody other than root.',
    trap: 'Whoever can write it has root\'s rights with the next pm2 that root types.',
    cure: 'Install pm2 where only root writes (`sudo npm install -g pm2`), then `sudo pm2-guard install`; or repair owner and mode of the path shown.',
  },
  PG114: {
    title: 'no node that the owner can run',
    meaning: 'The node pinned in the config, or the one at hand, cannot be executed by the daemon\'s user.',
    trap: 'PM2 spawns its daemon with it: root\'s node below /root/.nvm is out of reach for everybody else.',
    cure: 'Install node for the whole system, or pin one with `node:` in the config.',
  },
  PG301: {
    title: 'the config cannot be used',
    meaning: 'The config is missing, broken, or could be changed by others than root, and no policy was compiled before.',
    trap: 'Without a policy nobody can say which daemon a call belongs to.',
    cure: 'Run `sudo pm2-guard check` and mend what it shows. Meanwhile root can run `PM2_GUARD=off pm2 ...`.',
  },
  PG302: {
    title: 'no real pm2',
    meaning: 'Neither the install record, nor the config, nor PATH leads to a pm2 that is PM2 and not ourselves.',
    trap: 'A shim that takes itself, or a wrapper around itself, for the real pm2 would never end.',
    cure: 'Install pm2 (`sudo npm install -g pm2`) and let the guard find it: `sudo pm2-guard install`.',
  },
};
