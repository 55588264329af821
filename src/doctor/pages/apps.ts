import type { FindingPage } from '../finding.ts';

export const appPages = {
  PD201: {
    title: 'an app in the wrong daemon',
    meaning:
      'The config puts the app into one daemon, by its name, its namespace or its path, and it lives in another.',
    trap:
      'sudo pm2 start today is the deploy that cannot restart it in two weeks: "Process or Namespace myapp not ' +
      'found" while the site is up (T01, T02, T04).',
    cure:
      'Adopt it: it is stopped where it is, started where it belongs, and both lists are saved. If it belongs ' +
      'where it is, change the config.',
  },
  PD202: {
    title: 'an app in two daemons',
    meaning: 'One app runs in two daemons, and the config does not give it to both.',
    trap:
      'A start beside a running one: EADDRINUSE in a loop, every job and mail twice (T32). Killed by hand, it ' +
      'comes back from the other daemon (T31).',
    cure:
      'Delete the copy where it does not belong, and save there, or the next boot brings it back. If both are ' +
      'meant (staging and production), list the name in both daemons of the config.',
  },
  PD203: {
    title: 'a ghost: an app without a daemon',
    meaning: 'The process has the environment of an app of PM2, and no daemon above it.',
    trap:
      'The daemon was killed with SIGKILL, or by the OOM killer. What is no node of its own goes on, holds its ' +
      'port, and is in no list (T31).',
    cure: 'End the process, and start the app in its daemon.',
  },
  PD204: {
    title: 'apps that were not saved',
    meaning: 'The daemon runs apps that its saved list does not hold.',
    trap:
      'pm2 save was forgotten, typed as another user, or written elsewhere (T26). A reboot brings back what was ' +
      'saved and nothing else.',
    cure: "pm2 save, as the daemon's user. Strays are left out of this: adopt them first.",
  },
  PD205: {
    title: 'apps that are saved and not there',
    meaning: 'The saved list holds apps that the daemon does not have, not even as stopped ones.',
    trap:
      'They were deleted without pm2 save and come back at the next boot; or the daemon was spawned by a command ' +
      'and never resurrected its list (T26).',
    cure:
      'pm2 resurrect brings back what is missing and leaves the others alone. If they were deleted on purpose: pm2 ' +
      'save.',
  },
  PD206: {
    title: 'pm2 shows the wrong user',
    meaning: 'The user column of pm2 list is not the user that the process runs as.',
    trap: "The pm2 command fills in the user who typed pm2 start; the process runs as the daemon's user (T38).",
    cure:
      "It only misleads. It is right again after pm2 delete and pm2 start as the daemon's user. doctor shows what " +
      'the kernel says.',
  },
  PD207: {
    title: 'online without a process',
    meaning: 'PM2 lists the app as online, and has no pid for it.',
    trap:
      "The spawn itself failed: the daemon's user may not enter the working directory that root started the app " +
      'from (T14), or the interpreter is not there. PM2 logs the error, and leaves the app online.',
    cure:
      "Read pm2.log in the PM2_HOME; then pm2 delete, and pm2 start from a directory that the daemon's user may " +
      'enter.',
  },
} satisfies Record<string, FindingPage>;
