import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type RunOptions } from '../harness/host.ts';
import { joined } from '../regex.ts';
import { HARD_WORDS } from './words.ts';

const shim = '/usr/local/lib/pm2-guard/bin/pm2';
const shells = { dash: 'dash', bash: 'bash --posix', busybox: 'busybox sh' };

/** Stands for the bundle: tells what reached it. */
const probe = `exports.main = function () {
  process.stdout.write(
    JSON.stringify({ argv: process.argv.slice(2), env: process.env, node: process.execPath, pid: process.pid }),
  );
};`;
interface Seen {
  argv: string[];
  env: Record<string, string>;
  node: string;
  pid: number;
}

describeOnHost('shims/pm2', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: null });
    for (const name of ['pm2', 'pm2-guard']) {
      await host.write(
        `/usr/local/lib/pm2-guard/bin/${name}`,
        readFileSync(join(import.meta.dirname, '../../shims', name)),
        { mode: '755' },
      );
      await host.write(`/usr/local/lib/pm2-guard/${name}.cjs`, probe);
    }
    await host.write('/srv/probe.cjs', `${probe} exports.main();`);
    await host.must(
      'ln -s /usr/bin/node /usr/local/lib/pm2-guard/node; ln -s ../lib/pm2-guard/bin/pm2 /usr/local/bin/pm2',
    );
    // A node of one user, and one that must never run.
    await host.must(
      'install -d -o alice /home/alice/bin && cp /usr/bin/node /home/alice/bin/node && chown alice ' +
        '/home/alice/bin/node',
    );
    await host.write('/tmp/evil/node', '#!/bin/sh\necho evil\n', { owner: 'alice', mode: '755' });
  });
  afterAll(() => host.dispose());

  const seen = async (commandLine: string, options: RunOptions = {}): Promise<Seen> => {
    const { stdout, stderr } = await host.run(commandLine, options);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as Seen;
  };

  it('says in its first lines what it is', async () => {
    expect((await host.read(shim)).slice(0, 100)).toContain('pm2-guard-shim');
    expect((await host.read('/usr/local/lib/pm2-guard/bin/pm2-guard')).slice(0, 100)).toContain('pm2-guard-shim');
  });

  it.each(['pm2', 'pm2-guard'])('%s passes arguments byte for byte', async (name) => {
    const words = ['--', '--name=a b', ...HARD_WORDS];
    const { stdout } = await host.exec([`/usr/local/lib/pm2-guard/bin/${name}`, ...words], { user: 'alice' });
    expect((JSON.parse(stdout) as Seen).argv).toEqual(words);
  });

  it('becomes node, in the same process', async () => {
    const { stdout } = await host.run('echo $$; exec pm2', { user: 'alice' });
    const [pid = '', answer = ''] = stdout.split('\n');
    expect((JSON.parse(answer) as Seen).pid).toBe(Number(pid));
  });

  // What PM2 would store in an app: nothing may be there that was not, and nothing gone.
  const environments = {
    'nothing at all': '',
    'what sudo gives':
      'PATH=/usr/bin:/bin HOME=/root USER=root SUDO_USER=deploy SUDO_UID=1000 SUDO_COMMAND=/usr/local/bin/pm2 ' +
      'TERM=xterm',
    'what systemd gives': 'PATH=/usr/bin:/bin LANG=C.UTF-8 INVOCATION_ID=0 JOURNAL_STREAM=8:1',
    'what dash gives its commands, without SHLVL': 'PATH=/usr/bin:/bin PWD=/srv OLDPWD=/etc',
    'what an interactive bash gives': 'PATH=/usr/bin:/bin PWD=/srv OLDPWD=/etc SHLVL=1 _=/usr/local/bin/pm2',
    'a deep shell': 'PATH=/usr/bin:/bin PWD=/srv SHLVL=9 _=/x',
    'values that look like others': 'A=PWD=/x B=SHLVL=0 PATH=/usr/bin PPWD=/srv',
  };
  it.each(
    Object.entries(shells).flatMap(([name, shell]) =>
      Object.entries(environments).map(([what, environment]) => ({ name, shell, what, environment })),
    ),
  )('$name leaves no mark in the environment: $what', async ({ shell, environment }) => {
    const plain = await seen(`env -i ${environment} /usr/bin/node /srv/probe.cjs`, { user: 'alice', cwd: '/srv' });
    const guarded = await seen(`env -i ${environment} /usr/bin/${shell} ${shim}`, { user: 'alice', cwd: '/srv' });
    expect(guarded.env).toEqual(plain.env);
  });

  it('leaves no mark under the real sudo', async () => {
    const plain = await seen('sudo /usr/bin/node /srv/probe.cjs', { user: 'deploy' });
    const guarded = await seen('sudo pm2', { user: 'deploy' });
    expect({ ...guarded.env, SUDO_COMMAND: '' }).toEqual({ ...plain.env, SUDO_COMMAND: '' });
  });

  // Users other than root: the node that plain pm2 would have run.
  it("takes the node of the caller's PATH", async () => {
    expect(await seen(shim, { user: 'alice', env: { PATH: '/home/alice/bin:/usr/bin' } })).toMatchObject({
      node: '/home/alice/bin/node',
    });
    expect(await seen(shim, { user: 'alice', env: { PATH: '/srv:/usr/bin:/home/alice/bin' } })).toMatchObject({
      node: '/usr/bin/node',
    });
  });
  it.each([
    ['relative', 'evil:./evil:../tmp/evil:/usr/bin'],
    ['empty', ':/usr/bin'],
    ['the current directory', '.:/usr/bin'],
  ])('never takes a node from a PATH entry that is %s', async (_, path) => {
    expect(
      await seen(shim, {
        user: 'alice',
        cwd: path === 'evil:./evil:../tmp/evil:/usr/bin' ? '/tmp' : '/tmp/evil',
        env: { PATH: path },
      }),
    ).toMatchObject({ node: '/usr/bin/node' });
  });
  it('passes over a directory called node, and over what is not executable', async () => {
    await host.must('mkdir -p /srv/a/node /srv/b; echo > /srv/b/node');
    expect(await seen(shim, { user: 'alice', env: { PATH: '/srv/a:/srv/b:/usr/bin' } })).toMatchObject({
      node: '/usr/bin/node',
    });
  });
  it('passes over an exported function called node', async () => {
    expect(
      await seen(`/bin/bash -c 'node() { echo evil; }; export -f node; /bin/bash --posix ${shim}'`, { user: 'alice' }),
    ).toMatchObject({ node: '/usr/bin/node' });
  });
  it.each(['', '/srv', undefined])('finds a node where PATH %j has none', async (path) => {
    await host.must('mv /usr/bin/node /opt/kept && ln -sf /opt/kept /usr/local/lib/pm2-guard/node');
    try {
      expect(
        await seen(path === undefined ? `unset PATH; ${shim}` : shim, { user: 'alice', env: { PATH: path ?? '/srv' } }),
      ).toMatchObject({ node: '/opt/kept' });
    } finally {
      await host.must('mv /opt/kept /usr/bin/node && ln -sf /usr/bin/node /usr/local/lib/pm2-guard/node');
    }
  });

  // root: never a file that another user could have put there.
  it.each(['pm2', 'pm2-guard'])("%s runs no node from the caller's PATH as root", async (name) => {
    const bin = `/usr/local/lib/pm2-guard/bin/${name}`;
    expect(await seen(bin, { cwd: '/tmp/evil', env: { PATH: '/tmp/evil:.:/home/alice/bin:/usr/bin' } })).toMatchObject({
      node: '/usr/bin/node',
    });
    await host.must('mv /usr/local/lib/pm2-guard/node /srv/node');
    try {
      expect(await seen(bin, { env: { PATH: '/tmp/evil:/home/alice/bin' } })).toMatchObject({ node: '/usr/bin/node' });
      await host.must(
        'mv /usr/bin/node /srv/real; ln -s /home/alice/bin/node /usr/bin/node; ln -s /home/alice/bin/node ' +
          '/usr/local/bin/node',
      );
      expect(await host.run(bin, { env: { PATH: '/tmp/evil:/home/alice/bin:/usr/bin' } })).toMatchObject({
        status: 127,
        stdout: '',
        stderr: expect.stringContaining('there is no node to run') as string,
      });
    } finally {
      await host.must(
        '[ ! -e /srv/real ] || mv -f /srv/real /usr/bin/node; rm -f /usr/local/bin/node; mv /srv/node ' +
          '/usr/local/lib/pm2-guard/node',
      );
    }
  });

  it('ends with 127 and what to type where there is no node', async () => {
    await host.must('mv /usr/bin/node /root/node');
    try {
      expect(await host.run('pm2 list', { user: 'alice' })).toMatchObject({
        status: 127,
        stdout: '',
        stderr: expect.stringMatching(
          joined(
            /^pm2-guard: there is no node to run pm2 with\n.*\n {2}run: {2}sudo NODE .*\n/,
            / {2}unguarded: {2}NODE "\$\(npm root -g\)\/pm2\/bin\/pm2"\n$/,
          ),
        ) as string,
      });
    } finally {
      await host.must('mv /root/node /usr/bin/node');
    }
  });

  it.each(Object.values(shells))("with %s it names a node that is left, for root one of root's", async (shell) => {
    const revision = '/usr/local/nvm/versions/node/v22.0.0/bin';
    await host.must(`mkdir -p ${revision} && mv /usr/bin/node ${revision}/node`);
    await host.must(`mv /usr/local/lib/pm2-guard/node /srv/link`);
    await host.write('/usr/local/lib/pm2-guard/install.json', '{\n  "pm2": "/opt/x/lib/node_modules/pm2/bin/pm2"\n}\n');
    try {
      const end = (node: string) =>
        expect.stringMatching(
          new RegExp(
            `\\n {2}run: {2}sudo ${node} /usr/local/lib/pm2-guard/bin/pm2-guard install .*\\n` +
              ` {2}unguarded: {2}${node} /opt/x/lib/node_modules/pm2/bin/pm2\\n$`,
          ),
        ) as string;
      const call = `${shell} /usr/local/lib/pm2-guard/bin/pm2 list`;
      const path = (first: string) => ({ PATH: `${first}:/usr/bin:/bin` });
      expect(await host.run(call, { env: path('/home/alice/bin') })).toMatchObject({
        status: 127,
        stderr: end(`${revision}/node`),
      });
      await host.must(`mv ${revision}/node /srv/kept`);
      expect(await host.run(call, { env: path('/home/alice/bin') })).toMatchObject({
        status: 127,
        stderr: end('NODE'),
      });
    } finally {
      await host.must(
        'mv /srv/kept /usr/bin/node; mv /srv/link /usr/local/lib/pm2-guard/node; rm ' +
          '/usr/local/lib/pm2-guard/install.json',
      );
    }
  });

  // PM2's daemon, dying, spawns `node` with what `_` named and `update` (docs/pm2-internals.md section 4.4).
  it.each([shim, '/usr/local/bin/pm2'])('loads as node %s', async (path) => {
    expect(await seen(`node ${path} update`, { user: 'alice' })).toMatchObject({ argv: ['update'] });
  });

  it('says so where node is too old', async () => {
    await host.write(
      '/srv/old.js',
      'Object.defineProperty(process, "versions", { value: Object.assign({}, process.versions, { node: "16.20.2" }) })',
    );
    expect(await host.run(`node -r /srv/old.js ${shim} list`)).toMatchObject({
      status: 127,
      stdout: '',
      stderr: expect.stringContaining('is node 16.20.2, and pm2-guard needs 18 or newer') as string,
    });
  });

  it('says so where the bundle is gone, and how to reach the real pm2', async () => {
    await host.must('mv /usr/local/lib/pm2-guard/pm2.cjs /srv/pm2.cjs');
    await host.write('/usr/local/lib/pm2-guard/install.json', '{"pm2":"/usr/lib/node_modules/pm2/bin/pm2"}');
    try {
      expect(await host.run('pm2 list')).toMatchObject({
        status: 127,
        stdout: '',
        stderr: expect.stringContaining('unguarded:  node /usr/lib/node_modules/pm2/bin/pm2') as string,
      });
    } finally {
      await host.must('mv /srv/pm2.cjs /usr/local/lib/pm2-guard/pm2.cjs');
    }
  });
});
