import { dirname } from 'node:path';
import type { RuleFinding, LintRule, Scene } from './rule.ts';

/** PL023: sudo npm run, if the script calls pm2. */
export const npmRunAsRoot: LintRule = {
  code: 'PL023',
  trap: 'T06',
  severity: 'risky',
  page: {
    title: 'sudo npm run, and the script calls pm2',
    problematic: 'sudo npm run deploy               # "deploy": "pm2 reload myapp"',
    correct: 'sudo -u www-data npm run deploy',
    why:
      "The script runs as root, with node_modules/.bin first in PATH: root's daemon, and perhaps the " +
      "project's own pm2.",
    exceptions: 'Root is the owner on purpose: declare a daemon with `user: root`.',
  },
  check: (scene, all) =>
    scene.remarks
      .filter(
        ({ kind, context: { user, world } }) =>
          kind === 'npm run' &&
          user.kind === 'known' &&
          user.name === 'root' &&
          world.kind !== 'container' &&
          world.kind !== 'throwaway runner',
      )
      .flatMap(({ about, start, end }): RuleFinding[] => {
        const found = scriptNamed(about, scene, all);
        return found === null
          ? []
          : [{ at: { start, end }, severity: 'risky', why: `runs as root, and its script calls pm2 in ${found}` }];
      }),
};

/** Nearest package.json first, as npm searches it. */
function scriptNamed(name: string, { source }: Scene, all: readonly Scene[]): string | null {
  const depth = (path: string): number => (dirname(source.path).startsWith(dirname(path)) ? 0 : 1);
  const holders = [...all].sort((a, b) => depth(a.source.path) - depth(b.source.path));
  for (const other of holders) {
    const call = other.calls.find(({ script }) => script === name);
    if (call) return `${other.source.path}:${other.lines.place(call.start).line}`;
  }
  return null;
}
