import type { FindingPage } from '../finding.ts';

export const copyPages = {
  PD501: {
    title: 'a pm2 that root runs and others can change',
    meaning:
      'The package, a file in it, or a directory above it can be written by another user than root, and root runs it.',
    trap:
      "npm was given a prefix of a user's, or /usr/local was chowned to be rid of sudo; then sudo pm2 startup " +
      "wrote that path into root's unit.",
    cure: 'Give it to root, or let root use a pm2 of its own: sudo npm install -g pm2.',
  },
  PD502: {
    title: 'a node that root runs and others can change',
    meaning: "As PD501, for node itself: most often an nvm in a user's home directory.",
    trap: "A unit made with sudo env PATH=$PATH:... pm2 startup keeps the caller's nvm in front.",
    cure: "Let root's units use /usr/bin/node.",
  },
  PD503: {
    title: 'several versions of pm2',
    meaning: 'There is more than one pm2 on this host, and they are not of the same version.',
    trap: 'pm2: command not found, under sudo or cron, was answered with another installation.',
    cure: 'Keep one. After removing the others, pm2 update restarts a daemon with the version that is left.',
  },
  PD504: {
    title: 'a recorded node or pm2 that is gone or will be',
    meaning:
      "install records the node of root's calls and the real pm2 by their paths, and the config may pin others. " +
      'One of these is not there, or lies in a directory that an upgrade removes.',
    trap: 'The node was one of snap, nvm or another version manager: each version has a directory of its own.',
    cure: 'Install a node that stays (/usr/bin/node), then run pm2-guard install again. Correct a pin in the config.',
  },
} satisfies Record<string, FindingPage>;
