import { isRight, mayGoWrong, type RuleFinding, type LintRule } from './rule.ts';

/** PL012: a project's own pm2. */
export const projectPm2: LintRule = {
  code: 'PL012',
  trap: 'T41',
  severity: 'risky',
  page: {
    title: "the project's own pm2",
    problematic: '"scripts": { "restart": "pm2 restart myapp" },  "dependencies": { "pm2": "^6.0.0" }',
    correct: '"scripts": { "restart": "/usr/local/lib/pm2-guard/bin/pm2 restart myapp" }',
    why:
      "npm puts node_modules/.bin first in PATH, so the project's pm2 is run, not the guard and not " +
      'the host\'s version. Another version than the daemon\'s says "In-memory PM2 is out-of-date".',
    exceptions: 'Development machines only: say so with an ignore comment in the file that calls the script.',
  },
  check: ({ calls, remarks }) => [
    ...calls
      .filter(
        (call) =>
          call.reached === 'local' && call.judgement.kind !== 'own world' && (mayGoWrong(call) || isRight(call)),
      )
      .map((call): RuleFinding => ({
        at: call,
        severity: isRight(call) ? 'note' : 'risky',
        why:
          "runs the pm2 in the project's " +
          `node_modules${call.script === undefined ? '' : `, as npm run ${call.script} does`}: past the ` +
          'guard, and perhaps of another version than the daemon',
      })),
    ...remarks
      .filter(({ kind }) => kind === 'requires pm2')
      .map(({ start, end }): RuleFinding => ({
        at: { start, end },
        severity: 'note',
        why:
          'talks to PM2 by its module: the daemon is that of the user who runs this program, and the guard ' +
          'does not see it',
      })),
  ],
};
