import type { Judged } from '../judge.ts';
import {
  appsOf,
  hostKey,
  mayGoWrong,
  mayStart,
  userOf,
  verb,
  whoKey,
  type Found,
  type Rule,
  type Scene,
} from './rule.ts';

interface Placed {
  scene: Scene;
  call: Judged;
}

/** PL007: one app, called as two users; in one file, or across those given together. */
export const twoUsers: Rule = {
  code: 'PL007',
  trap: 'T01',
  severity: 'risky',
  page: {
    title: 'one app, two users',
    problematic: 'sudo pm2 start server.js --name myapp\npm2 restart myapp',
    correct: 'sudo -u www-data pm2 start server.js --name myapp\nsudo -u www-data pm2 restart myapp',
    why:
      'The app is registered with the daemon of the user who started it. The daemon of another user ' +
      'answers "Process or Namespace myapp not found".',
    exceptions: 'Two apps of one name on purpose: give the config that says so.',
  },
  check: (scene, all) => {
    const everywhere: Placed[] = all.flatMap((one) => one.calls.filter(isAbout).map((call) => ({ scene: one, call })));
    return scene.calls.filter(isAbout).flatMap((call): Found[] => {
      const other = referenceFor({ scene, call }, everywhere);
      if (!other || whoKey(other.call) === whoKey(call)) return [];
      const { line } = other.scene.lines.place(other.call.start);
      const where = other.scene === scene ? `line ${line}` : `${other.scene.source.path}:${line}`;
      return [
        {
          at: call,
          severity: 'risky',
          why:
            `${appsOf(call)[0] ?? 'the app'} is called as ${userOf(call)} here, and ` +
            `${mayStart(other.call) ? 'started' : 'called'} as ${userOf(other.call)} in ${where}: two daemons`,
        },
      ];
    });
  },
};

/**
 * The call that says whose the app is: the first start of it in the file, else the first call; else a start in another
 * file.
 */
function referenceFor(placed: Placed, everywhere: readonly Placed[]): Placed | undefined {
  const { scene, call } = placed;
  const about = everywhere.filter((other) => sameApp(other.call, call));
  const here = about.filter((other) => other.scene === scene);
  const own = here.find((other) => mayStart(other.call)) ?? here[0];
  const starts = about.filter(
    (other) => other.scene !== scene && mayStart(other.call) && other.call.user.kind === 'known',
  );
  const startedHere = here.some((other) => mayStart(other.call));
  return startedHere || call.user.kind !== 'known' ? own : (starts[0] ?? own);
}

function isAbout(call: Judged): boolean {
  return (
    mayGoWrong(call) &&
    call.judgement.kind !== 'wrong' &&
    call.judgement.kind !== 'right for' &&
    appsOf(call).some((app) => app !== 'all') &&
    verb(call) !== 'startup' &&
    call.invocation.scope === 'app' &&
    call.user.kind !== 'variable'
  );
}

function sameApp(one: Judged, other: Judged): boolean {
  const apps = appsOf(one);
  return hostKey(one) === hostKey(other) && appsOf(other).some((app) => app !== 'all' && apps.includes(app));
}
