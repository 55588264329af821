import type { LintRule } from './rule.ts';

/** PL004: two owners, no known owner, or an undeclared daemon. */
export const noOneDaemon: LintRule = {
  code: 'PL004',
  trap: 'T35',
  severity: 'wrong',
  page: {
    title: 'no one daemon that the call could mean',
    problematic: "pm2 restart api backup           # api is web's, backup is ops'",
    correct: 'sudo -u www-data pm2 restart api\nsudo -u ops pm2 restart backup',
    why: 'One pm2 talks to one daemon. What belongs to another is not found there, or is started a second time.',
    exceptions:
      'An app name that two daemons have on purpose (staging and prod): run it as the user whose app is meant.',
  },
  check: ({ calls }) =>
    calls.flatMap((call) => {
      const { judgement } = call;
      if (judgement.kind !== 'wrong' || !['PG103', 'PG104', 'PG105', 'PG109'].includes(judgement.code)) return [];
      const certain = judgement.code === 'PG104' && judgement.certain;
      return [
        {
          at: call,
          severity: certain ? ('wrong' as const) : ('risky' as const),
          why: judgement.reason,
          instead: judgement.run.join('\n'),
        },
      ];
    }),
};
