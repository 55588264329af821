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
      "npx runs the project's pm2, else the one in npm's global prefix by its path, else it fetches the newest one. " +
      'None of them is guarded, unless it is sealed, and versions may differ.',
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
          why: "runs the project's pm2, npm's global one by its path, or the newest one from the registry",
          edits,
        };
      }),
};
