import type { Judged } from '../judge.ts';
import { appsOfCall, isPinned, mayGoWrong, mayStartApp, callUser, type RuleFinding, type LintRule } from './rule.ts';

/** PL010: an app is deleted and started anew, in the daemon of whichever user runs the file. */
export const deleteThenStart: LintRule = {
  code: 'PL010',
  trap: 'T32',
  severity: 'risky',
  page: {
    title: 'delete, then start',
    problematic: 'pm2 delete myapp || true\npm2 start server.js --name myapp',
    correct: 'sudo -u www-data pm2 startOrReload ecosystem.config.js',
    why:
      'As another user the delete finds nothing, and the start makes a second copy beside the one that ' +
      'runs: EADDRINUSE, doubled jobs. As the right user each deploy is an outage.',
    exceptions: 'The line says which user it is for, and the config agrees.',
  },
  check: ({ calls }) =>
    calls
      .filter((call) => mayStartApp(call) && mayGoWrong(call) && !isPinned(call))
      .flatMap((call): RuleFinding[] => {
        const deletes = call.deleted.filter((one) =>
          sameApp(one.words.map(({ text }) => text).slice(1), call, one.words[0]?.text === 'kill'),
        );
        const [first] = deletes;
        if (!first) return [];
        const why =
          `the app is deleted and started anew: run as another user than ${callUser(call)}, the delete finds ` +
          'nothing and this start makes a second copy';
        return [
          { at: call, severity: 'risky', why },
          {
            at: first,
            severity: 'risky',
            why:
              'deletes what is started anew further down: as another user it finds nothing, and the start makes a ' +
              'second copy',
          },
        ];
      }),
};

/** A process file may hold any app, and `all` means every app. */
function sameApp(words: readonly string[], start: Judged, everything: boolean): boolean {
  const apps = appsOfCall(start);
  const open = start.invocation.targets.some(({ kind }) => kind === 'file' || kind === 'stdin') || apps.length === 0;
  return (
    everything ||
    words.some((word) => word === 'all' || apps.includes(word) || open || /\.(json|ya?ml|config\.[cm]?js)$/.test(word))
  );
}
