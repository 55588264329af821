import type { RuleFinding, LintRule } from './rule.ts';

/** PL022: a link to a second pm2. */
export const secondPm2: LintRule = {
  code: 'PL022',
  trap: 'T10',
  severity: 'risky',
  page: {
    title: 'a link to a second pm2',
    problematic: 'sudo ln -s "$(which pm2)" /usr/bin/pm2',
    correct: 'sudo npm install -g pm2',
    why:
      "A link into one user's node is made to have pm2 under sudo, ssh or cron. From then on two " +
      'versions, or two nodes, talk to one daemon, and root runs files that a user can change.',
    exceptions: "A link of the system's own package manager.",
  },
  check: ({ remarks }) =>
    remarks
      .filter(
        ({ kind, context }) =>
          kind === 'second pm2' && context.world.kind !== 'container' && context.world.kind !== 'throwaway runner',
      )
      .map(({ start, end }): RuleFinding => ({
        at: { start, end },
        severity: 'risky',
        why: 'makes a second way to pm2, which is another version, or another node, sooner or later',
      })),
};
