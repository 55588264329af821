import type { FindingPage } from '../finding.ts';

export const guardPages = {
  PD601: {
    title: 'pm2-guard is not installed, or not whole',
    meaning: 'Files of it are missing, its record is damaged, or the node it uses is gone.',
    trap: 'An upgrade of node moved it, or a clean-up of /usr/local removed it.',
    cure: 'sudo pm2-guard install puts back what is missing, and changes nothing else.',
  },
  PD602: {
    title: 'others can change the guard',
    meaning: 'A file or directory of pm2-guard can be written by another user than root.',
    trap:
      'A chown -R or chmod -R that went too far. The guard refuses to believe a config that others can write, but ' +
      'it cannot refuse to be replaced.',
    cure: 'Give it back to root, without the right to write for others.',
  },
  PD603: {
    title: 'the config cannot be used',
    meaning:
      'It has an error, or others can write it. The guard uses the last good one. ' +
      'Where there is none, every call of pm2 ends with status 78, or none is stopped: on_error says which.',
    trap: 'It was edited and not checked.',
    cure: 'pm2-guard check shows the place.',
  },
  PD604: {
    title: 'a way of typing pm2 that is not covered',
    meaning: "A login shell, sudo or an ssh command finds another pm2 before the guard's.",
    trap: 'npm put a new pm2 into /usr/local/bin, or a PATH was changed.',
    cure: 'sudo pm2-guard install; pm2-guard verify tries every way.',
  },
  PD605: {
    title: "the operators' rights differ from the config",
    meaning: '/etc/sudoers.d/pm2-guard-operators is missing, or not what the config asks for.',
    trap: 'The operators were changed in the config, or the file by hand.',
    cure: 'sudo pm2-guard sudoers --write.',
  },
  PD606: {
    title: 'a seal that is broken',
    meaning: 'A pm2 that was to be sealed is not, or not as this pm2-guard seals.',
    trap: 'npm laid down a new pm2, with its own bin/pm2.',
    cure: 'sudo pm2-guard seal.',
  },
} satisfies Record<string, FindingPage>;
