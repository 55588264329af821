import type { Judged } from '../judge.ts';
import {
  appsOfCall,
  hostKey,
  mayGoWrong,
  mayStartApp,
  callUser,
  verb,
  whoKey,
  type RuleFinding,
  type LintRule,
  type Scene,
} from './rule.ts';

interface Placed {
  scene: Scene;
  call: Judged;
}

/** PL007: one app, called as two users, in one file or in several. */
export const twoUsers: LintRule = {
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
    const index = indexOf(all);
    return scene.calls.filter(isAbout).flatMap((call): RuleFinding[] => {
      const other = referenceFor({ scene, call }, index);
      if (!other || whoKey(other.call) === whoKey(call)) return [];
      const { line } = other.scene.lines.place(other.call.start);
      const where = other.scene === scene ? `line ${line}` : `${other.scene.source.path}:${line}`;
      return [
        {
          at: call,
          severity: 'risky',
          why:
            `${appsOfCall(call)[0] ?? 'the app'} is called as ${callUser(call)} here, and ` +
            `${mayStartApp(other.call) ? 'started' : 'called'} as ${callUser(other.call)} in ${where}: two daemons`,
        },
      ];
    });
  },
};

interface Known {
  /** By file: the first start of it, and the first call. */
  here: Map<Scene, { start: Placed | null; first: Placed }>;
  /** The first starts in two files, by named users. */
  starts: Placed[];
}

const indexes = new WeakMap<readonly Scene[], Map<string, Known>>();

/** Built once for all files, because each file checks every app in it. */
function indexOf(all: readonly Scene[]): Map<string, Known> {
  const made = indexes.get(all);
  if (made) return made;
  const index = new Map<string, Known>();
  for (const scene of all)
    for (const call of scene.calls.filter(isAbout)) for (const key of keysOf(call)) add(index, key, { scene, call });
  indexes.set(all, index);
  return index;
}

function add(index: Map<string, Known>, key: string, placed: Placed): void {
  const { scene, call } = placed;
  const known: Known = index.get(key) ?? { here: new Map(), starts: [] };
  index.set(key, known);
  const own = known.here.get(scene) ?? { start: null, first: placed };
  known.here.set(scene, own);
  if (!mayStartApp(call) || own.start !== null) return;
  own.start = placed;
  if (call.user.kind === 'known' && known.starts.length < 2) known.starts.push(placed);
}

/** The call that decides the user: the first start in the file, else in another file, else the first call. */
function referenceFor({ scene, call }: Placed, index: ReadonlyMap<string, Known>): Placed | undefined {
  for (const key of keysOf(call)) {
    const known = index.get(key);
    const own = known?.here.get(scene);
    if (!known || !own) continue;
    if (own.start !== null || call.user.kind !== 'known') return own.start ?? own.first;
    return known.starts.find((other) => other.scene !== scene) ?? own.first;
  }
  return undefined;
}

function keysOf(call: Judged): string[] {
  return appsOfCall(call)
    .filter((app) => app !== 'all')
    .map((app) => `${hostKey(call)}\n${app}`);
}

function isAbout(call: Judged): boolean {
  return (
    mayGoWrong(call) &&
    call.judgement.kind !== 'wrong' &&
    call.judgement.kind !== 'right for' &&
    appsOfCall(call).some((app) => app !== 'all') &&
    verb(call) !== 'startup' &&
    call.invocation.scope === 'app' &&
    call.user.kind !== 'variable'
  );
}
