import { isRight, mayGoWrong, type RuleFinding, type LintRule } from './rule.ts';

/** PL013: npx and the like. */
export const npx: LintRule = {
  code: 'PL013',
  trap: 'T41',
  severity: 'risky',
  page: {
    title: 'pm2 through npx, yarn, pnpm or bunx',
    problematic: 'npx pm2 restart myapp',
    correct: 'pm2 restart myapp',
    why:
      "npx runs the project's pm2, or fetches the newest one. Neither is the host's: the guard is " +
      'passed by, and versions differ.',
    exceptions: 'A machine that has no pm2 of its own.',
  },
  check: ({ calls, source: { text } }) =>
    calls
      .filter(
        (call) => call.reached === 'npx' && call.judgement.kind !== 'own world' && (mayGoWrong(call) || isRight(call)),
      )
      .map((call): RuleFinding => {
        const before = text.slice(call.start, call.pm2At);
        const at = before.search(/\b(npx|bunx|pnpx)\s+(--?[\w-]+\s+)*$/);
        const edits =
          at >= 0 && text.startsWith('pm2 ', call.pm2At) ? [{ start: call.start + at, end: call.pm2At, text: '' }] : [];
        return {
          at: call,
          severity: isRight(call) ? 'note' : 'risky',
          why: "runs the project's pm2, or the newest one from the registry, and not the host's",
          edits,
        };
      }),
};
