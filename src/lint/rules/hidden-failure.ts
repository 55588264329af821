import { isPinned, mayGoWrong, reads, type RuleFinding, type LintRule } from './rule.ts';

/** PL014: "not found", the only sign of a wrong daemon, is discarded. */
export const hiddenFailure: LintRule = {
  code: 'PL014',
  trap: 'T01',
  severity: 'risky',
  page: {
    title: 'the failure is hidden',
    problematic: 'pm2 restart myapp 2>/dev/null || true',
    correct: 'pm2 restart myapp',
    why:
      '"Process or Namespace myapp not found" is how a call in the wrong daemon shows itself. With `|| ' +
      'true` or 2>/dev/null the deploy is green and old code goes on running.',
    exceptions: 'A call that only asks, and one whose line says which user it is for.',
  },
  check: ({ calls }) =>
    calls
      .filter((call) => call.hidden !== null && mayGoWrong(call) && !isPinned(call) && !reads(call))
      .map((call): RuleFinding => ({
        at: call,
        severity: 'risky',
        why: `${call.hidden ?? ''} hides that the app is not found, which is how the wrong daemon shows itself`,
      })),
};
