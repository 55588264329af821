import type { LintCall } from '../model.ts';
import { isPinned, mayGoWrong, mayStartApp, type RuleFinding, type LintRule } from './rule.ts';

const LOOKS = new Set([
  ...['list', 'l', 'ls', 'ps', 'status', 'jlist', 'prettylist', 'slist', 'describe', 'desc', 'info', 'show'],
  ...['id', 'pid', 'env', 'ping', 'logs', 'restart', 'reload', 'stop', 'start', 'startOrRestart', 'startOrReload'],
]);

/** PL011: "not found" is turned into a start. */
export const startIfMissing: LintRule = {
  code: 'PL011',
  trap: 'T05',
  severity: 'risky',
  page: {
    title: 'start where the app is not found',
    problematic: 'pm2 restart myapp || pm2 start server.js --name myapp',
    correct: 'sudo -u www-data pm2 startOrReload ecosystem.config.js',
    why:
      'The app is not found in the daemon of the wrong user either. The start then makes a duplicate ' +
      'there, at each deploy or incident.',
    exceptions: 'The line says which user it is for, and the config agrees.',
  },
  check: ({ calls }) =>
    calls
      .filter((call) => mayStartApp(call) && mayGoWrong(call) && !isPinned(call))
      .flatMap((call): RuleFinding[] => {
        const looks = call.onlyAfter.filter(({ words: [word] }) => word === undefined || LOOKS.has(word.text));
        const seen = new Set<number>();
        const found = looks.filter(({ start }) => start !== call.start && !seen.has(start) && seen.add(start));
        if (found.length === 0) return [];
        return [
          {
            at: call,
            severity: 'risky',
            why:
              "is started where a look did not find it; as another user than the app's that is always so, and " +
              'this makes a duplicate',
          },
          ...found.map((look: LintCall): RuleFinding => ({
            at: look,
            severity: 'risky',
            why: "its answer decides whether the app is started: as another user than the app's it is never found",
          })),
        ];
      }),
};
