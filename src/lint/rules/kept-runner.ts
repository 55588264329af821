import { mayGoWrong, reads, type RuleFinding, type LintRule } from './rule.ts';

/** PL021: a kept CI runner has a user, and that user has a daemon. */
export const keptRunner: LintRule = {
  code: 'PL021',
  trap: 'T04',
  severity: 'risky',
  page: {
    title: 'the daemon of the CI user',
    problematic: 'jobs:\n  deploy:\n    runs-on: self-hosted\n    steps:\n      - run: pm2 reload myapp',
    correct: '      - run: sudo -u www-data pm2 reload myapp',
    why:
      "The job runs as the runner's user (jenkins, gitlab-runner, azagent), whose daemon does not have " +
      'the app: a green job, two copies. A daemon spawned in a job may die with it (T39).',
    exceptions: "The runner's user owns the apps: declare it, and say it with --as.",
  },
  check: ({ calls }) =>
    calls
      .filter(
        (call) => call.world.kind === 'kept runner' && call.user.kind === 'unset' && mayGoWrong(call) && !reads(call),
      )
      .map((call): RuleFinding => ({
        at: call,
        severity: 'risky',
        why:
          'runs as the user of the CI runner ' +
          `(${call.world.kind === 'kept runner' ? call.world.name : ''}), in a daemon of that user's own`,
      })),
};
