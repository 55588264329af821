import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { withOnly, withTargets } from '../../src/pm2/edit-command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { RealPm2, versions } from './real.ts';

// What the recorder of test/pm2/oracle.ts cannot see: how API.js goes on with --only and with the words.
const outermost = versions.filter(([version]) => version !== '6.0.14');

describe.each(outermost)('PM2 %s does what was asked', (version, major) => {
  const pm2 = new RealPm2(version);
  const script = 'setInterval(() => {}, 1e6)';
  const apps = ['site', 'queue', 'log', 'mail'].map((name) => ({ name, script: './app.js' }));
  for (const file of ['app.js', 'one.js', 'two.js']) pm2.file(file, script);
  pm2.file('eco.json', JSON.stringify({ apps }));
  pm2.file('ecosystem.config.js', `module.exports = ${JSON.stringify({ apps })}`);
  const context = { major, env: {}, cwd: pm2.root };
  const running = () =>
    pm2
      .list()
      .map(({ name }) => name)
      .sort();
  const runAll = (commands: readonly (readonly string[])[] | null) =>
    commands?.map((argv) => pm2.run([...argv]).status);
  afterEach(() => pm2.clear());
  afterAll(() => {
    pm2.stop();
  });

  it('starts two apps of a process file, then deletes them', () => {
    const started = withOnly(interpret(['start', 'eco.json'], context), context, ['site', 'log']);
    expect(runAll(started)).toEqual([0]);
    expect(running()).toEqual(['log', 'site']);

    pm2.run(['delete', 'eco.json', '--only', 'site,log']); // a list: exit 0, and nothing is deleted
    expect(running()).toEqual(['log', 'site']);
    const deleted = withOnly(interpret(['delete', 'eco.json'], context), context, ['site', 'log']);
    expect(runAll(deleted)).toEqual([0, 0]);
    expect(running()).toEqual([]);
  });

  it('starts the one app called log', () => {
    expect(runAll(withOnly(interpret(['start', 'eco.json'], context), context, ['log']))).toEqual([0]);
    expect(running()).toEqual(['log']);
  });

  it('starts one of two scripts, with its arguments', () => {
    const typed = interpret(['start', 'one.js', 'two.js', '--', '--port', 'one.js'], context);
    expect(runAll([withTargets(typed, context, typed.starts.slice(1)) ?? []])).toEqual([0]);
    expect(pm2.list().map(({ name, pm2_env }) => [name, pm2_env.args])).toEqual([['two', ['--port', 'one.js']]]);
  });
});
