import { hostKey, mayGoWrong, mayStartApp, callUser, verb, whoKey, type RuleFinding, type LintRule } from './rule.ts';

/** PL008: `pm2 save` as another user than the one that started the apps. */
export const saveElsewhere: LintRule = {
  code: 'PL008',
  trap: 'T26',
  severity: 'risky',
  page: {
    title: 'save as another user than start',
    problematic: 'sudo -u www-data pm2 start server.js --name myapp\nsudo pm2 save',
    correct: 'sudo -u www-data pm2 start server.js --name myapp\nsudo -u www-data pm2 save',
    why:
      '`pm2 save` writes the list of its own daemon. As another user it saves nothing of what was started, ' +
      'exits with 0, and after a reboot the app is gone.',
    exceptions: 'A file that starts apps of both users, and saves both lists.',
  },
  check: ({ calls }) => {
    const starts = calls.filter((call) => mayStartApp(call) && call.judgement.kind !== 'own world');
    return calls
      .filter((call) => verb(call) === 'dump' && mayGoWrong(call) && call.judgement.kind !== 'wrong')
      .flatMap((save): RuleFinding[] => {
        const before = starts.filter((start) => hostKey(start) === hostKey(save));
        const [first] = before;
        if (!first || before.some((start) => whoKey(start) === whoKey(save))) return [];
        return [
          {
            at: save,
            severity: 'risky',
            why: `saves the list of ${callUser(save)}; the apps of this file are started as ${callUser(first)}`,
          },
        ];
      });
  },
};
