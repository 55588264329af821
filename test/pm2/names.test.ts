import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredApps } from '../../src/pm2/declared-apps.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { isProcessFile, scriptName } from '../../src/pm2/names.ts';
import { RealPm2, versions } from './real.ts';

/** Apps that are only registered cost no process: the daemon names them on the same way (lib/God.js executeApp). */
const idle = '--no-autostart';

/** What is typed, and what the environment says. A `_` is a blank inside a word; every row has a script of its own. */
const rows: [line: string, env?: Record<string, string>][] = [
  ['a.js'],
  ['./sub/dir/index.js'],
  ['my.server.js'],
  ['./.hidden'],
  ['./noext'],
  ['noext2'],
  ['sub/dir'],
  ['sub/dir2/'],
  ['py.py'],
  ['s.sh'],
  ['./123'],
  ['./..two.dots.js'],
  ['node_b.js_--port_3'],
  ['./sp_ace.js'],
  ['npm -- start'],
  ['c.js --name X'],
  ['c2.js -n we:ird_näme'],
  ['c3.js --name='],
  ['l.js m.js'],
  ['k.js --cwd sub'],
  ['g.js --namespace ns2'],
  ['d.js', { name: 'n1' }],
  ['e.js --name other', { name: 'n2' }],
  ['e2.js', { name: '' }],
  ['f.js', { namespace: 'ns1' }],
  ['f2.js --namespace ns2', { namespace: 'ns3' }],
  ['h.js', { name: 'n3', pm_id: '0' }],
  ['i.js', { namespace: 'ns4', pm_id: '0' }],
  ['i2.js', { name: 'n4', PM2_PROGRAMMATIC: 'true' }],
  ['j.js --filter-env nam', { name: 'n5', namespace: 'ns5' }],
  ['j2.js --filter-env other', { name: 'n6', PM2_PROGRAMMATIC: 'true' }],
];

/** These run, each a process or two. */
const running: [line: string, env?: Record<string, string>][] = [
  ['start r.js'],
  ['start node_r2.js_--port_3'],
  ['start npm --name myapp --cwd site -- start'],
  ['start r3.js -i 2', { name: 'pair' }],
  ['serve sub 48080'],
  ['serve --port 48081'],
  ['serve sub 48082 --name docs --namespace gone'],
  ['serve sub 1', { PM2_SERVE_PORT: '48083' }],
  ['serve sub 48084', { name: 'page' }],
  ['serve sub 48085 --name='],
];

const apps: Record<string, string | boolean>[] = [
  { name: 'named', script: './p1.js' },
  { script: './p2.server.js' },
  { name: 'appended', script: './p3.js', append_env_to_name: true },
  { cmd: './p4.js' },
  { command: './p5.js' },
  { script: './p6.js', append_env_to_name: true },
  { name: 'spaced', script: './p7.js', namespace: 'own' },
  { name: '', script: './p8.js' },
];

const words = (line: string) => line.split(' ').map((word) => word.replace(/_/g, ' '));

describe.each(versions)('PM2 %s', { timeout: 600_000 }, (version, major) => {
  const pm2 = new RealPm2(version);
  beforeAll(() => {
    const forever = 'setInterval(() => {}, 1e6)';
    const scripts = [...rows, ...running]
      .flatMap(([line]) => words(line))
      .concat(apps.map((app) => String(app.script ?? app.cmd ?? app.command)))
      .filter((word) => /\.(js|py|sh)$|noext|hidden|123/.test(word));
    for (const script of [...scripts, 'sub/k.js', 'sub/dir/index.js', 'sub/dir2/index.js', 'b.js', 'r2.js'])
      pm2.file(script, forever);
    pm2.file('site/package.json', JSON.stringify({ scripts: { start: `node -e "${forever}"` } }));
    pm2.file(
      'eco.config.js',
      `module.exports = { apps: ${JSON.stringify(apps.map((app) => ({ ...app, autostart: false })))} }`,
    );
    pm2.file(
      'one.json',
      JSON.stringify([
        { name: 'json', script: './p1.js', autostart: false },
        { name: 'json2', script: './p1.js', autostart: false },
      ]),
    );
  });
  afterAll(() => {
    pm2.stop();
  });

  const listed = () =>
    pm2
      .list()
      .sort((a, b) => a.pm_id - b.pm_id)
      .map(({ name, pm2_env: app }) => ({ name, namespace: app.namespace, cwd: app.pm_cwd, script: app.pm_exec_path }));
  const foretold = (argv: string[], env: Record<string, string>) =>
    interpret(argv, { major, env, cwd: pm2.root }).starts.map(({ name, namespace, cwd, script }) => ({
      name,
      namespace: namespace ?? 'default',
      cwd,
      script: script ?? (expect.any(String) as string),
    }));

  it('names scripts, folders and command lines as foretold', () => {
    const expected = rows.flatMap(([line, env = {}]) => {
      const [script = '', ...rest] = words(line);
      const argv = ['start', idle, script, ...rest];
      pm2.run(argv, { env });
      return foretold(argv, env);
    });
    expect(listed()).toEqual(expected);
    pm2.run(['delete', 'all']);
  });

  it('names running apps and servers as foretold', () => {
    const expected = running.flatMap(([line, env = {}]) => {
      pm2.run(words(line), { env });
      const starts = foretold(words(line), env);
      return line.includes('-i 2') ? [...starts, ...starts] : starts;
    });
    expect(listed()).toEqual(expected);
    pm2.run(['delete', 'all']);
  });

  it('names what a process file declares', () => {
    const question = {
      form: 'start' as const,
      only: [],
      env: 'prod',
      namespace: 'typed',
      cwd: null,
      from: pm2.root,
      rename: { name: null, namespace: null },
    };
    const names = () =>
      listed()
        .map(({ name, namespace, script, cwd }) => ({ name, namespace, script, cwd }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    const declared = (only: string[]) =>
      declaredApps({ apps }, { ...question, only })?.sort((a, b) => (a.name < b.name ? -1 : 1));
    pm2.run(['start', 'eco.config.js', '--name', 'ignored', '--env', 'prod', '--namespace', 'typed']);
    expect(names()).toEqual(declared([]));
    expect(names().length).toBe(apps.length);
    pm2.run(['delete', 'all']);
    const argv = ['start', 'eco.config.js', '--env', 'prod', '--namespace', 'typed', '--only', 'appended,p6'];
    pm2.run(argv);
    expect(names()).toEqual(declared(interpret(argv, { major, env: {}, cwd: pm2.root }).only));
    expect(names().map(({ name }) => name)).toEqual(['appended-prod', 'p6-prod']);
    pm2.run(['delete', 'all']);
    pm2.run(['start', 'one.json', '--only', 'json2'], { env: { name: 'beats' } });
    expect(names().map(({ name }) => name)).toEqual(['beats']);
    pm2.run(['delete', 'all']);
  });

  it('looks a bare word up, and nothing else', () => {
    for (const name of ['bare', 'my.app']) pm2.run(['start', idle, 'a.js', '--name', name]);
    expect(pm2.run(['start', 'bare']).status).toBe(0);
    expect(pm2.run(['start', 'my.app']).status).toBe(1);
    expect(
      pm2
        .list()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['bare', 'my.app']);
    const targets = (word: string) =>
      interpret(['start', word], { major, env: {}, cwd: pm2.root }).targets.map((target) => target.kind);
    expect([targets('bare'), targets('my.app')]).toEqual([['name'], []]);
    pm2.run(['delete', 'all']);
  });
});

describe('the name of a script', () => {
  it.each([
    ['a.js', 'a'],
    ['/x/my.server.js', 'my.server'],
    ['.hidden', '.hidden'],
    ['.', '.'],
    ['sub/dir/', 'dir'],
    ['node a.js --port 3', 'node a'],
    ['', ''],
  ])('%s', (script, name) => {
    expect(scriptName(script)).toBe(name);
  });
});

describe('process files', () => {
  it.each([
    ['a.json', true],
    ['a.json-worker', true],
    ['x.yml', true],
    ['a.config.cjs', true],
    ['ecosystem.js', false],
    ['config.js', false],
    ['a.js', false],
  ])('%s', (word, is) => {
    expect(isProcessFile(word)).toBe(is);
  });
});
