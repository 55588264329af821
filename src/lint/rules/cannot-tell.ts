import type { Judged } from '../judge.ts';
import type { RuleFinding, LintRule } from './rule.ts';

/** PL024: an undecidable fact is reported once for each file and reason. */
export const cannotTell: LintRule = {
  code: 'PL024',
  trap: 'T42',
  severity: 'unknown',
  page: {
    title: 'it cannot be told whose daemon this is',
    problematic: 'ssh "$DEPLOY_USER@$HOST" pm2 restart myapp',
    correct: 'ssh www-data@web1 pm2 restart myapp',
    why:
      'The user or the host is in a variable, or the file names no user and the config does not name the ' +
      'app. The call may be right or wrong.',
    exceptions: 'It is no error. Say who runs it with --as USER or `# pm2-guard: run-as USER`.',
  },
  check: ({ calls }) => {
    const byReason = new Map<string, Judged[]>();
    for (const call of calls)
      if (call.judgement.kind === 'cannot tell')
        byReason.set(call.judgement.why, [...(byReason.get(call.judgement.why) ?? []), call]);
    return [...byReason].flatMap(([why, group]): RuleFinding[] => {
      const distinct = group.filter((call, index) => group.findIndex(({ start }) => start === call.start) === index);
      const [first, ...others] = distinct;
      return first
        ? [
            {
              at: first,
              severity: 'unknown',
              also: others,
              why:
                'cannot tell: ' +
                `${why}${others.length > 0 ? ` (${distinct.length} calls, the first of them here)` : ''}`,
            },
          ]
        : [];
    });
  },
};
