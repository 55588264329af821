import type { Judged } from '../judge.ts';
import { isPinned, mayGoWrong, callUser, verb, type RuleFinding, type LintRule } from './rule.ts';

/** PL015: calls about all apps of an unnamed daemon. */
export const wholeDaemon: LintRule = {
  code: 'PL015',
  trap: 'T34',
  severity: 'risky',
  page: {
    title: 'all apps of a daemon that is not named',
    problematic: 'pm2 delete all\npm2 kill',
    correct: 'sudo -u www-data pm2 delete myapp worker',
    why:
      'Such a call names no app, so nothing can tell whose daemon is meant. In the wrong one other ' +
      "people's apps end; to be rid of a stray, production ends (T47).",
    exceptions: 'The line says which user it is for, and the config agrees.',
  },
  check: ({ calls }) =>
    calls
      .filter((call) => isWhole(call) && mayGoWrong(call) && !isPinned(call))
      .map((call): RuleFinding => ({
        at: call,
        severity: 'risky',
        why: `is about every app of the PM2 daemon of ${callUser(call)}, whichever that is`,
      })),
};

function isWhole(call: Judged): boolean {
  const command = verb(call);
  if (command === 'kill' || command === 'update' || command === 'updatePM2' || command === 'cleardump') return true;
  if (command === 'flush') return call.invocation.targets.length === 0;
  if (command === 'dump') return call.words.some(({ text }) => text === '--force' || text === '-f');
  return (
    ['delete', 'stop', 'restart', 'reload', 'reset', 'sendSignal'].includes(command) &&
    call.invocation.targets.some(({ kind }) => kind === 'all' || kind === 'regex')
  );
}
