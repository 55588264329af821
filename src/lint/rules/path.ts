import { isRight, mayGoWrong, type RuleFinding, type LintRule } from './rule.ts';

/** PL016: pm2 by its path. */
export const path: LintRule = {
  code: 'PL016',
  trap: 'T40',
  severity: 'risky',
  page: {
    title: 'pm2 by its path',
    problematic: '/usr/bin/pm2 restart myapp',
    correct: 'pm2 restart myapp',
    why:
      'The guard stands in PATH, so a call by path goes past it, unless that pm2 is sealed (`pm2-guard ' +
      'seal`). It also ties the line to one installation of node.',
    exceptions: 'ExecStart= of a unit: systemd wants a path there.',
  },
  check: ({ calls, source: { text } }) =>
    calls
      .filter(
        (call) =>
          call.reached === 'path' &&
          !isUnit(call.forms) &&
          (mayGoWrong(call) || isRight(call)) &&
          call.judgement.kind !== 'own world',
      )
      .map((call): RuleFinding => {
        const edits = text.startsWith(`${call.pm2} `, call.pm2At)
          ? [{ start: call.pm2At, end: call.pm2At + call.pm2.length, text: 'pm2' }]
          : [];
        return {
          at: call,
          severity: isRight(call) ? 'note' : 'risky',
          why: `${call.pm2} goes past the guard, which stands in PATH`,
          edits,
        };
      }),
};

function isUnit(forms: readonly string[]): boolean {
  return forms.includes('unit');
}
