import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type HostOptions } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { difference, snapshot } from '../install/snapshot.ts';
import { sources } from './pack.ts';

const CONFIG = 'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n  system: { user: root }\n';
const containing = (text: string): string => expect.stringContaining(text) as string;
let place: string;
/** By the command for people, of sources in which nothing is built. */
function build(version: string, directory: string, umask = '022'): string {
  const cwd = sources(version);
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1790000000', DEBEMAIL: undefined, DEBFULLNAME: undefined };
  try {
    execFileSync(
      '/bin/sh',
      ['-c', `umask ${umask} && mkdir -p "$1" && npm run --silent deb -- "$1"`, 'sh', directory],
      { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return join(directory, `pm2-guard_${version}-1_all.deb`);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

let debs: Record<'0.1.0' | '0.2.0', string>;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'pm2-guard-debs-'));
  debs = { '0.1.0': build('0.1.0', place), '0.2.0': build('0.2.0', place) };
});
afterAll(() => {
  rmSync(place, { recursive: true });
});

describe('the .deb', () => {
  it('comes out the same to the byte, whatever the directory and the umask', () => {
    const again = build('0.1.0', join(place, 'again'), '077');
    expect(readFileSync(again).equals(readFileSync(debs['0.1.0']))).toBe(true);
  });

  it('has nothing that lintian would say, beyond what its overrides explain', () => {
    const { status, stdout, stderr } = spawnSync(
      'lintian',
      [
        '--allow-root',
        '--display-info',
        '--pedantic',
        '--tag-display-limit',
        '0',
        '--fail-on',
        'pedantic,info,warning,error',
        debs['0.1.0'],
      ],
      { encoding: 'utf8' },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    const overrides = readFileSync(new URL('../../packaging/debian/lintian-overrides', import.meta.url), 'utf8');
    expect(overrides.startsWith('#')).toBe(true); // each with its reason above it
  });

  it('says what it is and needs, and has no file of its own in /usr/local', () => {
    const field = (name: string) =>
      execFileSync('dpkg-deb', ['--field', debs['0.1.0'], name], { encoding: 'utf8' }).trim();
    expect([field('Package'), field('Version'), field('Architecture'), field('Depends')]).toEqual([
      'pm2-guard',
      '0.1.0-1',
      'all',
      'nodejs (>= 18)',
    ]);
    const listed = execFileSync('dpkg-deb', ['--contents', debs['0.1.0']], { encoding: 'utf8' });
    expect(listed).not.toContain('usr/local');
    for (const line of listed.trim().split('\n'))
      expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx) root\/root /);
    for (const file of [
      'usr/share/man/man8/pm2-guard.8.gz',
      'usr/share/doc/pm2-guard/copyright',
      'usr/share/doc/pm2-guard/changelog.Debian.gz',
      'usr/lib/pm2-guard/shims/pm2',
    ])
      expect(listed).toContain(`./${file}`);
  });
});

describeOnHost('the .deb, by the real dpkg', () => {
  let host: Host;
  const fresh = async (options: HostOptions = {}): Promise<void> => {
    host = await createHost(options);
    await host.must('rm -rf /etc/pm2-guard');
    for (const [version, file] of Object.entries(debs)) await host.write(`/srv/${version}.deb`, readFileSync(file));
    // The host's node is put there by the test, not by dpkg: dpkg is told of it by a package without files.
    await host.must(
      'awk -v RS= -v ORS="\\n\\n" "!/^Package: nodejs\\n/" /var/lib/dpkg/status > /srv/status && cat /srv/status > ' +
        '/var/lib/dpkg/status && rm -f /var/lib/dpkg/info/nodejs.*',
    );
    await host.write(
      '/srv/nodejs/DEBIAN/control',
      'Package: nodejs\nVersion: 22.0.0\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: ' +
        'stands for the node of this host\n',
    );
    await host.must('dpkg-deb --build /srv/nodejs /srv/nodejs.deb');
  };
  const dpkg = (words: string) => host.run(`dpkg ${words}`, { timeoutMs: 60_000, cwd: '/' });
  const state = async () =>
    (await host.run('dpkg-query --show --showformat "\\${db:Status-Abbrev}" pm2-guard')).stdout.trim();
  /** Without the records and logs of dpkg and of pm2. */
  const seen = async (options = {}) =>
    (await snapshot(host, options)).filter(
      (line) => !/^\/var\/(lib\/(dpkg|apt|systemd)|log|cache\/(debconf|man|ldconfig)|www\/\.pm2)\b/.test(line),
    );
  const settled = '/usr/local/lib/pm2-guard';
  afterEach(() => host.dispose());

  it('installs once there is a node, upgrades, keeps its config if removed and leaves nothing if purged', async () => {
    await fresh();
    const before = await seen();
    const without = await dpkg('--install /srv/0.1.0.deb');
    expect(without).toMatchObject({ status: 1, stderr: containing('pm2-guard depends on nodejs (>= 18)') });
    expect(await host.exists(settled)).toBe(false);
    expect(await dpkg('--install /srv/nodejs.deb')).toMatchObject({ status: 0 });
    const configured = await dpkg('--configure --pending');
    expect(configured).toMatchObject({
      status: 0,
      stdout: containing('real pm2   /usr/lib/node_modules/pm2/bin/pm2  (7.0.4)'),
    });
    expect(await state()).toBe('ii');
    expect(await host.run('pm2-guard status', { user: 'alice' })).toMatchObject({
      stdout: containing('package      /usr/lib/pm2-guard  (dpkg, 0.1.0)'),
    });
    expect(await host.run('pm2 ping', { cwd: '/' })).toMatchObject({ status: 0, stdout: containing('pong') });
    expect(
      await host.must(
        'man -w /usr/share/man/man8/pm2-guard.8.gz && zcat /usr/share/man/man8/pm2-guard.8.gz | head -n 1',
      ),
    ).toContain('.TH "PM2\\-GUARD"');
    for (const file of [
      '/usr/share/bash-completion/completions/pm2-guard',
      '/usr/share/zsh/vendor-completions/_pm2-guard',
      '/usr/share/fish/vendor_completions.d/pm2-guard.fish',
    ])
      expect(await host.read(file)).toContain('Completion of pm2-guard');
    expect(await dpkg('--verify pm2-guard')).toMatchObject({ status: 0, stdout: '' });

    // Again: nothing is touched. Reconfigured: what is missing is put back.
    const installed = await seen({ times: true });
    expect(await dpkg('--install /srv/0.1.0.deb')).toMatchObject({ status: 0 });
    expect(difference(installed, await seen({ times: true }))).toEqual({ gone: [], new: [] });
    await host.must('rm /usr/local/bin/pm2-guard && dpkg-reconfigure pm2-guard');
    expect(await host.must('pm2-guard --version')).toBe('0.1.0\n');

    // Calls in a loop while dpkg upgrades: not one fails.
    await host.write(
      '/srv/loop',
      '#!/bin/sh\nwhile [ ! -e /srv/stop ]; do pm2 ping > /dev/null 2>> /srv/said; echo $? >> /srv/statuses; done\n',
      { mode: '755' },
    );
    const loop = host.start(['/srv/loop'], { cwd: '/', timeoutMs: 120_000 });
    const upgraded = await dpkg('--install /srv/0.2.0.deb');
    expect(upgraded).toMatchObject({ status: 0, stdout: containing('pm2-guard 0.2.0') });
    await host.must(
      'before=$(wc -l < /srv/statuses); until [ "$(wc -l < /srv/statuses)" -gt $((before + 1)) ]; do sleep 0.1; ' +
        'done; touch /srv/stop',
    );
    await loop.result();
    expect(new Set((await host.read('/srv/statuses')).trim().split('\n'))).toEqual(new Set(['0']));
    const said = new Set((await host.read('/srv/said')).trim().split('\n'));
    expect([...said]).toEqual([rewritten('pm2 ping', null).trimEnd()]);
    expect(await host.must('pm2-guard --version')).toBe('0.2.0\n');

    await host.must('pm2 kill', { user: 'www-data', cwd: '/' });
    const config = await host.read('/etc/pm2-guard/config.yaml');
    expect(await dpkg('--remove pm2-guard')).toMatchObject({ status: 0, stderr: '' });
    expect(await state()).toBe('rc');
    expect(await host.read('/etc/pm2-guard/config.yaml')).toBe(config);
    expect(await host.exists(settled)).toBe(false);
    expect(await host.exists('/usr/lib/pm2-guard')).toBe(false);
    expect(await dpkg('--purge pm2-guard')).toMatchObject({ status: 0, stderr: '' });
    expect(difference(before, await seen())).toEqual({ gone: [], new: [] });
  });

  it('a postinst that cannot do its work says why, and dpkg --configure goes on when that is put right', async () => {
    await fresh();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await dpkg('--install /srv/nodejs.deb');
    await host.must('chmod g+w /usr/local/lib');
    const failed = await dpkg('--install /srv/0.1.0.deb');
    expect(failed).toMatchObject({
      status: 1,
      stderr: containing('/usr/local/lib is writable by its group (mode 0775)'),
    });
    expect(failed.stderr).toContain('fix:  chmod go-w /usr/local/lib\n');
    expect(await state()).toBe('iF');
    await host.must('chmod g-w /usr/local/lib');
    expect(await dpkg('--configure pm2-guard')).toMatchObject({ status: 0 });
    expect(await state()).toBe('ii');
    // Not even then is a removal stopped by what is not in order.
    await host.must('rm -rf /usr/local/lib/pm2-guard/install.json /var/lib/pm2-guard');
    expect(await dpkg('--remove pm2-guard')).toMatchObject({ status: 0 });
    expect(await host.exists(settled)).toBe(false);
  });

  it('without a pm2 it is installed all the same, and says so', async () => {
    await fresh({ pm2: null });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await dpkg('--install /srv/nodejs.deb');
    expect(await dpkg('--install /srv/0.1.0.deb')).toMatchObject({
      status: 0,
      stderr: containing('problem: there is no pm2 on this machine yet'),
    });
    expect(await state()).toBe('ii');
  });

  it('another node compiles the hot bundle anew, and a newer copy from elsewhere is left as it is', async () => {
    await fresh();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await dpkg('--install /srv/nodejs.deb /srv/0.1.0.deb');
    const compiled = `find ${settled}/ -name 'pm2.*.code'`;
    await host.must(`${compiled} -delete`);
    const triggered = await host.run(
      'dpkg-trigger --by-package=nodejs /usr/bin/node && dpkg --triggers-only pm2-guard',
      { cwd: '/' },
    );
    expect(triggered).toMatchObject({ status: 0, stdout: containing('Processing triggers for pm2-guard'), stderr: '' });
    expect(await host.must(compiled)).toMatch(/\.code\n$/);

    await host.must(
      'dpkg-deb --extract /srv/0.2.0.deb /srv/newer && /srv/newer/usr/lib/pm2-guard/shims/pm2-guard install',
    );
    await host.must('dpkg-trigger --by-package=nodejs /usr/bin/node && dpkg --triggers-only pm2-guard', { cwd: '/' });
    expect(await host.must('pm2-guard --version')).toBe('0.2.0\n');
  });

  it('a purge leaves the config to an installation that came in another way', async () => {
    await fresh();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await dpkg('--install /srv/nodejs.deb /srv/0.1.0.deb');
    await dpkg('--remove pm2-guard');
    await host.must(
      'dpkg-deb --extract /srv/0.2.0.deb /srv/newer && /srv/newer/usr/lib/pm2-guard/shims/pm2-guard install',
    );
    expect(await dpkg('--purge pm2-guard')).toMatchObject({ status: 0 });
    expect(await host.read('/etc/pm2-guard/config.yaml')).toBe(CONFIG);
    expect(await host.must('pm2-guard --version')).toBe('0.2.0\n');
  });
});
