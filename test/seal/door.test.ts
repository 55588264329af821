import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { nodeVersions } from '../harness/fetch.ts';
import { checkout, createHost, type Host, type RunOptions } from '../harness/host.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';

const BIN = '/usr/lib/node_modules/pm2/bin/pm2';
const ORIGINAL = `${BIN}.pm2-guard-original`;
const nodes = Object.values(nodeVersions).map((version) => `${checkout}/.cache/node/${version}/bin/node`);

/** In place of PM2's command line: all that PM2, and what it starts, could tell of how it was started. */
const PROBE = `
process.stdout.write(JSON.stringify({
  argv: process.argv, execArgv: process.execArgv, argv0: process.argv0,
  env: process.env, cwd: process.cwd(), umask: process.umask(),
  main: require.main.filename, mainModule: process.mainModule.filename, id: require.main.id,
  parent: module.parent === require.main, above: require.main.parent,
  relative: require.main.require('../package.json').name,
  symbols: Object.getOwnPropertySymbols(process).map(String).sort(), names: Object.keys(globalThis).sort(),
}));
if (process.argv[2] === 'fail') throw new Error('PM2 fails');
`;

describeOnHost('a door, to PM2', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.write('/usr/lib/node_modules/pm2/lib/binaries/CLI.js', PROBE);
  });
  afterAll(() => host.dispose());

  const web: RunOptions = { user: 'www-data', cwd: SITE, env: { HOME: '/var/www' } };
  const ways = [
    ['/usr/bin/pm2'],
    [BIN],
    ['/usr/bin/node', '/usr/bin/pm2'],
    ['/usr/bin/node', '--stack-size=900', BIN],
    ['/usr/bin/env', 'node', '../../../../../usr/lib/node_modules/pm2/bin/pm2'],
    ...nodes.map((node) => [node, BIN]),
  ];
  const seen = async (words: string[]): Promise<Record<string, unknown>> => {
    const { stdout, stderr, status } = await host.exec([...words, 'id', 'a b', '--', '-x'], web);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it.each([
    ["npm's own", "#!/usr/bin/env node\n\nrequire('../lib/binaries/CLI.js');\n"],
    [
      'that of 7.0.0, a shell script',
      '#!/bin/sh\n\':\' //; exec "$(command -v node || command -v bun)" "$0" ' +
        '"$@"\n\nrequire(\'../lib/binaries/CLI.js\');\n',
    ],
  ])('leaves no trace by whatever way and node it is called: %s', async (_, text) => {
    await host.write(BIN, text, { mode: '755' });
    const plain = await Promise.all(ways.map(seen));
    await host.must('pm2-guard seal');
    const sealed = await Promise.all(ways.map(seen));
    // Of what is plain pm2's, the guard hands on all but node's own options, as the shim does.
    const expected = plain.map((one) => ({ ...one, execArgv: [] }));
    expect(sealed).toEqual(expected);
    expect(new Set(sealed.map(({ main }) => main))).toEqual(new Set([BIN]));
    await host.must('pm2-guard unseal');
  });

  it("is not to be seen in PM2's errors", async () => {
    await host.must('pm2-guard seal');
    const { stderr, status } = await host.exec(['/usr/bin/pm2', 'fail'], web);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `Error: PM2 fails\n    at Object.<anonymous> (/usr/lib/node_modules/pm2/lib/binaries/CLI.js:10:`,
    );
    // where 7.0.0's has its only line
    expect(stderr.match(/at .*bin\/pm2:.*/g)).toEqual([`at Object.<anonymous> (${BIN}:4:1)`]);
    expect(stderr).not.toContain('pm2-guard');
  });

  it('knows in another node, too, that the call was decided', async () => {
    const node = nodes[3] ?? '';
    await host.write(
      '/etc/pm2-guard/pinned.yaml',
      `default: other\ndaemons:\n  other: { user: www-data, home: /srv/other/.pm2, node: ${node} }\n`,
    );
    // The variable is gone when that node begins: a second look would be by the host's config, which has another home.
    const env = { HOME: '/var/www', PM2_HOME: '/srv/other/.pm2', PM2_GUARD_CONFIG: '/etc/pm2-guard/pinned.yaml' };
    for (const bin of ['/usr/bin/pm2', '/usr/local/bin/pm2']) {
      const { stdout, stderr, status } = await host.exec([bin, 'id', 'a b'], { ...web, env });
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(JSON.parse(stdout)).toMatchObject({
        argv: [node, expect.stringMatching(/\/bin\/pm2$/) as string, 'id', 'a b'],
        main: BIN,
        env: { PM2_HOME: '/srv/other/.pm2' },
      });
      expect(stdout).not.toContain('PM2_GUARD');
    }
  });

  it('opens to what requires it, which is no call of pm2', async () => {
    const { stdout, status } = await host.exec(
      ['/usr/bin/node', '-e', `require(${JSON.stringify(BIN)}); console.log('after')`],
      { user: 'alice' },
    );
    expect(status).toBe(1); // the probe asks for a main module, and -e has none
    expect(stdout).toBe('');
  });

  it.each([1, 2])('believes no argument that says that a call was decided (%d)', async (pid) => {
    const words = [`--pm2-guard-decided=${pid}`, 'restart', 'myapp'];
    const { stdout, stderr, status } = await host.exec(['/usr/bin/pm2', ...words], { user: 'alice' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    // To PM2 it is an unknown option, which needs no daemon: the guard was asked, and lends the call a PM2_HOME.
    const { argv, env } = JSON.parse(stdout) as { argv: string[]; env: Record<string, string> };
    expect(argv.slice(2)).toEqual(words);
    expect(env['OVER_HOME']).toMatch(/^\/tmp\/pm2-guard-/);
    expect(await host.exists('/home/alice/.pm2')).toBe(false);
  });
});

describeOnHost('a door, whatever becomes of pm2-guard', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('pm2 start server.js --name myapp && pm2 save', { cwd: SITE });
    await host.must('pm2-guard seal && cp -a /usr/local/lib/pm2-guard /srv/kept');
  });
  afterAll(() => host.dispose());
  const mend = () =>
    host.must('rm -rf /usr/local/lib/pm2-guard; cp -a /srv/kept /usr/local/lib/pm2-guard; chmod 755 /usr/local/lib');
  const call = () => host.exec(['/usr/bin/pm2', 'id', 'myapp'], { user: 'www-data', env: { PM2_HOME: WEB } });

  it.each(['--help', 'init simple', 'examples'])('a call that needs no daemon leaves none: %s', async (line) => {
    for (const bin of ['/usr/bin/pm2', '/usr/local/bin/pm2']) {
      expect(await host.run(`${bin} ${line}`, { user: 'alice' })).toMatchObject({ status: 0, stderr: '' });
      expect(await host.exists('/home/alice/.pm2')).toBe(false);
    }
    expect(host.daemons()).toMatchObject([{ home: WEB }]);
  });

  it("a unit that root has written names its own PM2_HOME, and no daemon of root's is left", async () => {
    await host.standInSystemctl();
    await host.must('/usr/bin/pm2 startup systemd -u www-data', { cwd: '/' });
    expect(await host.read('/etc/systemd/system/pm2-www-data.service')).toContain(`Environment=PM2_HOME=${WEB}\n`);
    expect(await host.exists('/root/.pm2')).toBe(false);
    expect(host.daemons()).toMatchObject([{ home: WEB }]);
  });

  it.each([
    ['gone', 'rm -rf /usr/local/lib/pm2-guard', '/usr/local/lib/pm2-guard/bin/pm2 cannot be found'],
    ['without its bundle', 'rm /usr/local/lib/pm2-guard/bin/../pm2.cjs', 'the installation is damaged'],
    ['cut short', 'truncate -s 1000 /usr/local/lib/pm2-guard/bin/../pm2.cjs', ''],
    ['empty', 'truncate -s 0 /usr/local/lib/pm2-guard/bin/../pm2.cjs', ''],
    ['unreadable', 'chmod 000 /usr/local/lib/pm2-guard', '/usr/local/lib/pm2-guard/bin/pm2 cannot be found'],
    ['a directory', 'rm /usr/local/lib/pm2-guard/bin/pm2; mkdir /usr/local/lib/pm2-guard/bin/pm2', ''],
    ["another user's", 'chown alice /usr/local/lib/pm2-guard/bin/', '/bin can be changed by others than root'],
    ['below what others can write', 'chmod 777 /usr/local/lib', '/usr/local/lib can be changed by others than root'],
  ])('opens with one line where it is %s', async (_, damage, why) => {
    await host.must(damage);
    const { stdout, stderr, status } = await call();
    await mend();
    expect({ stdout, status }).toEqual({ stdout: '[ 0 ]\n', status: 0 });
    expect(stderr).toMatch(
      /^pm2-guard: not guarded: .+; install pm2-guard again, or take this seal away: {2}mv -f \S+ \S+\n$/,
    );
    expect(stderr).toContain(why);
    expect(await call()).toMatchObject({ stdout: '[ 0 ]\n', stderr: '', status: 0 });
  });

  it('stays closed where the config says so', async () => {
    const config = await host.read('/etc/pm2-guard/config.yaml');
    await host.write('/etc/pm2-guard/config.yaml', `on_error: closed\n${config}`);
    await host.must('pm2-guard install && mv /usr/local/lib/pm2-guard /srv/away'); // install compiles it
    const { stdout, stderr, status } = await call();
    await host.must('mv /srv/away /usr/local/lib/pm2-guard');
    await host.write('/etc/pm2-guard/config.yaml', config);
    await host.must('pm2-guard install');
    expect({ stdout, status }).toEqual({ stdout: '', status: 127 });
    expect(stderr).toMatch(
      /^pm2-guard: nothing is run: \S+ cannot be found, and on_error is closed; install [^\n]+\n$/,
    );
    expect(await call()).toMatchObject({ stdout: '[ 0 ]\n', stderr: '', status: 0 });
  });

  it('opens where node is too old for it', async () => {
    // As node 16 says of itself.
    await host.write(
      '/srv/old.cjs',
      'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "16.20.2" } });',
    );
    const { stdout, stderr, status } = await host.exec(
      ['/usr/bin/node', '-r', '/srv/old.cjs', '/usr/bin/pm2', 'id', 'myapp'],
      { user: 'www-data', env: { PM2_HOME: WEB } },
    );
    expect({ stdout, status }).toEqual({ stdout: '[ 0 ]\n', status: 0 });
    expect(stderr).toContain('not guarded: node 16.20.2 is older than the 18 that it needs');
  });

  it('the seal goes with the command that the line names', async () => {
    await host.must('rm -rf /usr/local/lib/pm2-guard');
    const { stderr } = await call();
    await host.must(/mv -f .*/.exec(stderr)?.[0] ?? 'false');
    expect(await call()).toMatchObject({ stdout: '[ 0 ]\n', stderr: '', status: 0 });
    await mend();
    await host.must('pm2-guard seal');
  });

  describe('without its original', () => {
    const advice = 'npm install -g --prefix /usr pm2@7.0.4';
    afterAll(() =>
      host.must(`rm -rf ${ORIGINAL}; cp ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2/bin/pm2 ${ORIGINAL}`),
    );
    it.each([
      ['gone', `rm ${ORIGINAL}`],
      ['a door, too', `cp ${BIN} ${ORIGINAL}`],
      ['a directory', `rm ${ORIGINAL}; mkdir ${ORIGINAL}`],
    ])('says how to get it back: it is %s', async (_, damage) => {
      await host.must(damage);
      for (const words of [
        ['/usr/bin/pm2', 'id'],
        ['/usr/local/bin/pm2', 'id'],
      ]) {
        const { stdout, stderr, status } = await host.exec(words, { user: 'www-data' });
        expect({ stdout, status }).toEqual({ stdout: '', status: 127 });
        expect(stderr).toContain(advice);
      }
      await host.must('mv /usr/local/lib/pm2-guard /srv/away');
      const { stderr, status } = await call();
      await host.must('mv /srv/away /usr/local/lib/pm2-guard');
      expect(status).toBe(127);
      expect(stderr).toContain(advice);
      const seal = await host.run('pm2-guard seal');
      expect(seal).toMatchObject({
        status: 1,
        stdout:
          `NOT DONE   /usr/lib/node_modules/pm2  (PM2 7.0.4): PM2's own bin/pm2 is gone from beside the door\n  ` +
          `run:  ${advice}\n`,
      });
    });
  });
});
