import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host, type HostOptions } from '../harness/host.ts';
import { difference, snapshot } from '../install/snapshot.ts';
import { npmPack, sources } from './pack.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = 'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n  system: { user: root }\n';
let tarballs: Record<'0.1.0' | '0.2.0', Buffer>;
beforeAll(() => {
  tarballs = { '0.1.0': npmPack('0.1.0'), '0.2.0': npmPack('0.2.0') };
});

describe('the npm package', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'pm2-guard-package-'));
    writeFileSync(join(directory, 'package.tgz'), tarballs['0.1.0']);
    spawnSync('tar', ['xzf', 'package.tgz'], { cwd: directory });
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it('holds the bundles, the shims and what is to be read, built by npm pack itself', () => {
    const { stdout } = spawnSync('tar', ['tzf', 'package.tgz'], { cwd: directory, encoding: 'utf8' });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((name) => name.replace(/^package\//, ''))
        .sort(),
    ).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/THIRD-PARTY-LICENSES',
      'dist/adopt-agent.cjs',
      'dist/as-user.cjs',
      'dist/boot-unit.cjs',
      'dist/door.cjs',
      'dist/lint.cjs',
      'dist/load-policy.cjs',
      'dist/pm2-guard.cjs',
      'dist/pm2.cjs',
      'dist/prepare.cjs',
      'dist/read-process-file.cjs',
      'dist/share/_pm2-guard',
      'dist/share/pm2-guard.8',
      'dist/share/pm2-guard.bash',
      'dist/share/pm2-guard.fish',
      'dist/sudo.cjs',
      'dist/tree-sitter-bash.wasm',
      'dist/tree-sitter-fish.wasm',
      'dist/tree-sitter-javascript.wasm',
      'dist/tree-sitter-php.wasm',
      'dist/tree-sitter-python.wasm',
      'dist/tree-sitter-ruby.wasm',
      'dist/tree-sitter.wasm',
      'dist/warm.cjs',
      'package.json',
      'shims/pm2',
      'shims/pm2-guard',
      'shims/sudo',
    ]);
  });

  it('needs no other package, and says where it runs', () => {
    const described = JSON.parse(readFileSync(join(directory, 'package/package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies'])
      expect(described).not.toHaveProperty(field);
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(described['scripts']).not.toHaveProperty(script);
    expect(described).toMatchObject({
      name: 'pm2-guard',
      bin: { 'pm2-guard': 'shims/pm2-guard' },
      engines: { node: '>=18' },
      os: ['linux', 'darwin'],
      license: 'MIT',
    });
  });

  it('names every package whose code is in a bundle, with its licence', () => {
    const text = readFileSync(join(directory, 'package/dist/THIRD-PARTY-LICENSES'), 'utf8');
    for (const name of ['commander', 'cosmiconfig', 'js-yaml', 'shell-quote', 'valibot', 'yaml'])
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)\\n\\n.*(copyright|license)`, 'im'));
    expect(text).not.toContain('esbuild');
  });

  it('npm would publish it without a warning of its own', () => {
    const cwd = sources('0.1.0');
    try {
      const { status, stderr } = spawnSync('npm', ['publish', '--dry-run'], { cwd, encoding: 'utf8' });
      expect(
        stderr
          .split('\n')
          .filter((line) => /npm (warn|error)/.test(line) && !/requires you to be logged in/.test(line)),
      ).toEqual([]);
      expect(status).toBe(0);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});

describeOnHost('pm2-guard from npm', () => {
  let host: Host;
  const fresh = async (options: HostOptions = {}): Promise<void> => {
    host = await createHost(options);
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    for (const [version, tarball] of Object.entries(tarballs)) await host.write(`/srv/${version}.tgz`, tarball);
  };
  /** With the real npm, by the tarball: no registry is asked. */
  const npm = (words: string, options = {}) =>
    host.must(`npm ${words} --offline --no-audit --no-fund --no-update-notifier`, options);
  const versions = async () =>
    (await host.must('pm2-guard --version; grep -o \'"version": "[^"]*"\' /usr/local/lib/pm2-guard/install.json'))
      .replace(/"version": "(.*)"/, '$1')
      .trim()
      .split('\n');
  afterEach(() => host.dispose());

  it('npm install -g and sudo pm2-guard install do what install.sh does', async () => {
    await fresh();
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 127 });
    const before = await snapshot(host);
    await npm('install -g /srv/0.1.0.tgz');
    expect(await host.must('command -v pm2-guard', { user: 'alice' })).toBe('/usr/bin/pm2-guard\n');
    expect(await host.run('pm2-guard status', { user: 'alice' })).toMatchObject({
      status: 1,
      stdout: containing('problem: pm2-guard is not installed on this host; run:  sudo pm2-guard install'),
    });
    expect(await host.run('sudo pm2-guard install', { user: 'deploy' })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: containing('real pm2   /usr/lib/node_modules/pm2/bin/pm2  (7.0.4)'),
    });
    expect(await host.must('command -v pm2-guard', { user: 'alice' })).toBe('/usr/local/bin/pm2-guard\n');
    const byNpm = await snapshot(host);

    // The same sources, and so the same files.
    const other = await createHost();
    try {
      await other.write('/etc/pm2-guard/config.yaml', CONFIG);
      await other.must('mkdir /srv/release && tar xzf - -C /srv/release --strip-components=1', {
        input: tarballs['0.1.0'],
      });
      await other.must(`cp ${checkout}/install.sh /srv/release && /srv/release/install.sh`);
      // The record says what each was copied from. V8's code is made anew on each host.
      const differs = /\.code$|policy\.json|install\.json|no-sudo\.json|machine-id|\/var\/(log|cache\/pm2-guard\/)/;
      const made = (lines: string[]) => lines.filter((line) => !differs.test(line));
      expect(difference(made(await snapshot(other)), made(byNpm))).toEqual({ gone: [], new: [] });
    } finally {
      await other.dispose();
    }
    const repair = async (of: Host) =>
      (JSON.parse(await of.read('/usr/local/lib/pm2-guard/install.json')) as { repair: string }).repair;
    expect(await repair(host)).toBe('sudo /usr/lib/node_modules/pm2-guard/shims/pm2-guard install');
    await host.must('rm /usr/local/lib/pm2-guard/bin/../pm2.cjs');
    expect((await host.run('pm2 ping', { user: 'alice' })).stderr).toContain(`; run: ${await repair(host)}\n`);
    await host.must(await repair(host));
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 0,
      stdout: containing('package      /usr/lib/node_modules/pm2-guard  (npm, 0.1.0)'),
    });

    const gone = await host.run('sudo pm2-guard uninstall --purge', { user: 'deploy' });
    expect(gone).toMatchObject({
      status: 0,
      stdout: containing(
        'left       /usr/lib/node_modules/pm2-guard (the package; to remove it: npm uninstall -g pm2-guard)',
      ),
    });
    await npm('uninstall -g pm2-guard');
    expect(await host.exists('/usr/bin/pm2-guard')).toBe(false);
    expect(difference(before, await snapshot(host)).new).toEqual([]);
  });

  it('an upgrade by npm counts from the next sudo pm2-guard install, and status says that it is due', async () => {
    await fresh();
    await npm('install -g /srv/0.1.0.tgz');
    await host.must('pm2-guard install');
    expect(await versions()).toEqual(['0.1.0', '0.1.0']);
    await npm('install -g /srv/0.2.0.tgz');
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 1,
      stdout: containing(
        'problem: /usr/lib/node_modules/pm2-guard is 0.2.0, installed is 0.1.0; run:  sudo pm2-guard install',
      ),
    });
    expect(await host.run('sudo pm2-guard install --json', { user: 'deploy' })).toMatchObject({
      status: 0,
      stdout: containing('"version": "0.2.0"'),
      stderr:
        'pm2-guard: /usr/lib/node_modules/pm2-guard is 0.2.0, newer than the installed 0.1.0: going on from there\n',
    });
    expect(await versions()).toEqual(['0.2.0', '0.2.0']);
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
    expect(await host.run('pm2 ping', { cwd: '/' })).toMatchObject({ status: 0, stdout: containing('pong') });
    // Back again: an older package is not gone on from by itself, but says what it is.
    await npm('install -g /srv/0.1.0.tgz');
    expect(await host.run('pm2-guard install')).toMatchObject({ status: 0, stderr: '' });
    expect(await versions()).toEqual(['0.2.0', '0.2.0']);
    expect(await host.run('/usr/bin/pm2-guard status')).toMatchObject({
      status: 1,
      stdout: containing('problem: installed is 0.2.0, this is the older 0.1.0'),
    });
    expect(await host.run('/usr/bin/pm2-guard install')).toMatchObject({ status: 0 });
    expect(await versions()).toEqual(['0.1.0', '0.1.0']);
  });

  it("prefix /usr/local: the command stays npm's, which upgrades and removes it as ever", async () => {
    await fresh({ prefix: '/usr/local' });
    await host.must('npm config set prefix /usr/local');
    await npm('install -g /srv/0.1.0.tgz');
    const target = '/usr/local/lib/node_modules/pm2-guard/shims/pm2-guard\n';
    expect(await host.run('pm2-guard install')).toMatchObject({
      status: 0,
      stdout: containing("left       /usr/local/bin/pm2-guard  (is npm's)"),
    });
    expect(await host.must('readlink -f /usr/local/bin/pm2-guard')).toBe(target);
    await npm('install -g /srv/0.2.0.tgz');
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 1,
      stdout: containing('problem: installed is 0.1.0, this is 0.2.0; run:  sudo pm2-guard install'),
    });
    await host.must('pm2-guard install');
    expect(await versions()).toEqual(['0.2.0', '0.2.0']);
    await host.must('pm2-guard uninstall');
    expect(await host.must('readlink -f /usr/local/bin/pm2-guard')).toBe(target);
    await npm('uninstall -g pm2-guard');
    expect(await host.exists('/usr/local/bin/pm2-guard')).toBe(false);
  });

  it('prefix /usr/local, after install.sh: npm refuses to replace the command, and does so with --force', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.must(
      'npm config set prefix /usr/local && mkdir /srv/release && tar xzf /srv/0.1.0.tgz -C /srv/release ' +
        '--strip-components=1 && node /srv/release/dist/pm2-guard.cjs install',
    );
    expect(await host.run('npm install -g /srv/0.2.0.tgz --offline --no-audit --no-fund')).toMatchObject({
      status: 1,
      stderr: containing('EEXIST'),
    });
    expect(await versions()).toEqual(['0.1.0', '0.1.0']);
    await npm('install -g --force /srv/0.2.0.tgz');
    await host.must('pm2-guard install');
    expect(await versions()).toEqual(['0.2.0', '0.2.0']);
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
    await npm('install -g /srv/0.1.0.tgz'); // npm's own from here on
    await host.must('pm2-guard uninstall');
    await npm('uninstall -g pm2-guard');
    expect(await host.exists('/usr/local/bin/pm2-guard')).toBe(false);
  });

  it("npm's link is replaced where it leads to what others than root can change", async () => {
    await fresh({ prefix: '/usr/local' });
    await host.must('npm config set prefix /usr/local');
    await npm('install -g /srv/0.1.0.tgz');
    await host.must('chown alice /usr/local/lib/node_modules/pm2-guard/shims/pm2-guard');
    expect(await host.run('pm2-guard install')).toMatchObject({
      status: 0,
      stdout: containing(
        'copied from what others than root can change: /usr/local/lib/node_modules/pm2-guard/shims/pm2-guard is ' +
          'owned by uid',
      ),
    });
    expect(await host.must('readlink /usr/local/bin/pm2-guard')).toBe('/usr/local/lib/pm2-guard/bin/pm2-guard\n');
  });

  it("installs root's copy from a prefix in a user's home directory, and names that source", async () => {
    await fresh();
    await npm('install -g --prefix /home/alice/.npm-global /srv/0.1.0.tgz', { user: 'alice' });
    const result = await host.run('/home/alice/.npm-global/bin/pm2-guard install');
    expect(result).toMatchObject({
      status: 0,
      stderr: '',
      stdout: containing('copied from what others than root can change: /home/alice is owned by uid'),
    });
    expect(
      (await host.tree('/usr/local/lib/pm2-guard')).filter(({ owner, group }) => owner !== 'root' || group !== 'root'),
    ).toEqual([]);
    // Not searched for there, and one that others can write is passed over, however new.
    await npm('install -g /srv/0.2.0.tgz');
    await host.must('chown alice /usr/lib/node_modules/pm2-guard/dist/share/pm2-guard.bash');
    expect(await host.run('pm2-guard install')).toMatchObject({ status: 0, stderr: '' });
    expect(await versions()).toEqual(['0.1.0', '0.1.0']);
  });
});
