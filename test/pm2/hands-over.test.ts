import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handsEnvironmentOver } from '../../src/pm2/hands-over.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const asked = (line: string, major: 5 | 6 | 7 = 7) => {
  const argv = line.split(' ').filter((word) => word !== '');
  return handsEnvironmentOver(interpret(argv, { major, env: {}, cwd: '/srv' }));
};

describe('whether a call hands its environment over', () => {
  it.each([
    'start /srv/app.js',
    'start app',
    'start eco.config.js',
    'restart app --update-env',
    'restart app -a',
    'restart -fa app',
    'reload all --update-env',
    'restart eco.config.js',
    'reload eco.json',
    'stop eco.config.js',
    'delete eco.config.js',
    'startOrRestart eco.json',
    'startOrReload eco.json',
    'serve /srv 8080',
    'set app:key 1',
    'set a b',
    'multiset app:key',
    'install module',
    'deploy eco.json production',
    'pull app',
    'restart -',
  ])('%s', (line) => {
    expect(asked(line)).toBe(true);
  });
  it.each([
    '',
    '-v',
    'list',
    'jlist',
    'ls',
    'logs',
    'monit',
    'describe app',
    'env 0',
    'ping',
    'kill',
    'save',
    'resurrect',
    'update',
    'restart app',
    'reload all',
    'stop app',
    'delete all',
    'scale app 2',
    'reset app',
    'flush',
    'get a',
    'unset a',
    'reloadLogs',
    'sendSignal SIGHUP app',
    'trigger app act',
    'restart app -- --update-env',
    'restart app --name --update-env',
    'unknown --update-env',
    'uninstall module',
    'id app',
    'completion',
  ])('not: %s', (line) => {
    expect(asked(line)).toBe(false);
  });
});

for (const [pm2, major] of [
  ['7.0.4', 7],
  ['6.0.14', 6],
  ['5.4.3', 5],
] as const) {
  describeOnHost(`what PM2 ${pm2} stores of the environment of its command line`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ node: '22', pm2 });
      await host.write('/srv/app.js', 'setInterval(() => {}, 1e6);', { mode: '755' });
      await host.write('/srv/eco.config.js', 'module.exports = { apps: [{ name: "app", script: "/srv/app.js" }] };');
      await host.must('pm2 start app.js --name app', { user: 'ops', cwd: '/srv' });
      await host.must(
        'cd /home/ops && git init -q . && touch a && git add a && git -c user.name=a -c user.email=a@b commit -qm a',
        { user: 'ops' },
      );
    });
    afterAll(() => host.dispose());

    // One mark for each call: PM2 merges, and takes nothing back.
    const lines = [
      'restart app',
      'restart app --update-env',
      'restart app -a',
      'restart -fa app',
      'restart app -- --update-env',
      'reload app',
      'reload app --update-env',
      'start app',
      'start app --update-env',
      'start 0',
      'restart all',
      'restart eco.config.js',
      'reload eco.config.js',
      'startOrReload eco.config.js',
      'stop eco.config.js',
      'stop app',
      'restart 0',
      'set app:key 1',
      'set some.key 1',
      'unset some',
      'get app',
      'scale app 2',
      'reset app',
      'reloadLogs',
      'flush',
      'save',
      'resurrect',
      'sendSignal SIGCONT app',
      'restart app --name --update-env',
      'trigger app nothing',
      'update',
      'jlist',
    ];
    it.each(lines.map((line, at) => [line, `MARK_${at}`] as const))('%s', async (line, mark) => {
      await host.run(`timeout 20 pm2 ${line}`, { user: 'ops', cwd: '/srv', env: { [mark]: 'x' } });
      const { stdout } = await host.run('pm2 jlist', { user: 'ops', cwd: '/srv' });
      if (stdout.includes(`"${mark}"`)) expect({ line, hands: asked(line, major) }).toEqual({ line, hands: true });
      // What is over-cautious is named here, so that a new verb is looked at.
      else if (asked(line, major))
        expect([
          'start app',
          'start 0',
          'stop eco.config.js',
          'set some.key 1',
          'start app --update-env',
          'restart app --name --update-env',
        ]).toContain(line);
    });
  });
}
