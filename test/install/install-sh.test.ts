import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { joined } from '../regex.ts';

/** A built checkout without its sources, so that nothing is built. */
const release = '/srv/release';
const script = `${release}/install.sh`;
const containing = (text: string): string => expect.stringContaining(text) as string;

// A stand-in for node of which only the version matters, as install.sh asks for it.
const oldNode = (version: string) =>
  `#!/bin/sh\ncase $1 in -p) echo ${version.split('.')[0] ?? ''} ;; --version) echo v${version} ;; *) echo ran ` +
  `>&2; exit 99 ;; esac\n`;

describeOnHost('install.sh', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: null });
    await host.must(`mkdir ${release} && cp -r ${checkout}/install.sh ${checkout}/shims ${checkout}/dist ${release}`);
  });
  afterAll(() => host.dispose());

  it('prints its help to every user', async () => {
    expect(await host.run(`${script} --help`, { user: 'alice' })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: containing('Usage: sudo ./install.sh'),
    });
  });

  it.each(['dash', 'bash --posix', 'busybox sh'])('is understood by %s', async (shell) => {
    expect((await host.run(`${shell} -n ${script}`)).stderr).toBe('');
  });

  it('says that it needs root', async () => {
    expect(await host.run(script, { user: 'alice' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('run:  sudo ./install.sh'),
    });
    expect(await host.run(`node ${release}/dist/pm2-guard.cjs install`, { user: 'alice' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('run:  sudo pm2-guard install'),
    });
    expect(await host.run(`node ${release}/dist/pm2-guard.cjs uninstall`, { user: 'alice' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('run:  sudo pm2-guard uninstall'),
    });
  });

  it('says that node is missing', async () => {
    await host.must(
      'mkdir /opt/tools; for tool in sh dirname id find head cat grep readlink rm; do ln -s /usr/bin/$tool ' +
        '/opt/tools; done',
    );
    expect(await host.run(script, { env: { PATH: '/opt/tools' } })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing("there is no node in root's PATH (/opt/tools)\n  run:  apt-get install nodejs"),
    });
  });

  it('says that node is too old', async () => {
    await host.write('/opt/old/node', oldNode('16.20.2'), { mode: '755' });
    expect(await host.run(script, { env: { PATH: '/opt/old:/usr/bin:/bin' } })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('/opt/old/node is node v16.20.2, and pm2-guard needs 18 or newer'),
    });
  });

  it('says that building needs more than running', async () => {
    await host.must(
      `mkdir /srv/sources && cp -r ${checkout}/install.sh ${checkout}/src ${checkout}/package.json /srv/sources`,
    );
    await host.write('/opt/18/node', oldNode('18.19.0'), { mode: '755' });
    expect(await host.run('/srv/sources/install.sh', { env: { PATH: '/opt/18:/usr/bin:/bin' } })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('building needs node 20 or newer'),
    });
  });

  it('says that npm is missing: for the build, and for pm2', async () => {
    await host.must('ln -s /usr/bin/node /opt/tools');
    expect(await host.run('/srv/sources/install.sh', { env: { PATH: '/opt/tools' } })).toMatchObject({
      status: 1,
      stderr: containing("there is no npm in root's PATH"),
    });
    expect(await host.run(script, { env: { PATH: '/opt/tools' } })).toMatchObject({
      status: 1,
      stderr: containing('there is no pm2 on this machine, and no npm to install it with'),
    });
  });

  it('says so where npm fails', async () => {
    await host.write('/opt/failing/npm', '#!/bin/sh\necho "npm is ill" >&2\nexit 1\n', { mode: '755' });
    const result = await host.run(script, { env: { PATH: '/opt/failing:/usr/bin:/bin' } });
    expect(result).toMatchObject({ status: 1, stdout: '', stderr: containing('npm is ill') });
    expect(result.stderr).toContain('run:  npm install -g pm2');
  });

  it('installs pm2 where there is none, even behind our own link', async () => {
    // Does what `npm install -g pm2` does, without a network: refuses a file that is in the way, copies, links.
    await host.write(
      '/opt/npm/npm',
      `#!/bin/sh
[ "$*" = "install -g --no-audit --no-fund pm2" ] || exit 9
! [ -L /usr/local/bin/pm2 ] || { echo EEXIST >&2; exit 1; }
mkdir -p /usr/local/lib/node_modules &&
cp -r ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 /usr/local/lib/node_modules/ &&
ln -s ../lib/node_modules/pm2/bin/pm2 /usr/local/bin/pm2
`,
      { mode: '755' },
    );
    await host.must(
      'mkdir -p /usr/local/lib/pm2-guard/bin && ln -s /usr/local/lib/pm2-guard/bin/pm2 /usr/local/bin/pm2',
    );
    const env = { PATH: '/opt/npm:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
    // A directory called pm2 is no pm2, and CDPATH leads to no other checkout.
    await host.must('mkdir -p /opt/npm/pm2 /opt/elsewhere/release');
    expect(
      await host.run('sh release/install.sh --dry-run', { env: { ...env, CDPATH: '/opt/elsewhere' }, cwd: '/srv' }),
    ).toMatchObject({ stderr: containing('would install pm2') });
    const result = await host.run(`${script} --without bash,local-sbin`, { env, timeoutMs: 60_000 });
    expect(result).toMatchObject({
      status: 0,
      stdout: containing('real pm2   /usr/local/lib/node_modules/pm2/bin/pm2  (7.0.4)'),
    });
    // npm's own link stands before us in the PATH of ssh commands: that does not fail the installation.
    expect(result.stderr).toMatch(
      joined(
        /\npm2-guard: proving it \(pm2-guard verify\)\n/,
        /pm2-guard: \d+ gaps: of \d+ ways, \d+ lead to the guard; [^\n]*\n/,
        /pm2-guard: which ways, and what covers them: {2}sudo pm2-guard verify\n$/,
      ),
    );
    expect(await host.must('sudo pm2-guard status --json | grep -c comes.first || :')).toBe('1\n'); // ssh to bash
  });
});
