import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from '../install/snapshot.ts';
import { joined } from '../regex.ts';

const CONFIG =
  'default: web\ndaemons:\n  web: {user: www-data, home: /var/www/.pm2}\n  ops: {user: ops}\nexempt: ' +
  '[alice]\nbypass: root\n';
const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost('pm2 guard-verify', () => {
  let host: Host;
  let plain: Host;
  beforeAll(async () => {
    [host, plain] = await Promise.all([createHost(), createHost()]);
    await host.installGuard(CONFIG);
  });
  afterAll(() => Promise.all([host.dispose(), plain.dispose()]));

  it('is no command of PM2, which spawns a daemon to say so', async () => {
    expect(await plain.run('pm2 guard-verify')).toMatchObject({ status: 1, stdout: containing('Command not found') });
    expect(plain.daemons()).toMatchObject([{ uid: 0, home: '/root/.pm2' }]);
  });

  it('prints its version, the daemons and where calls go; starts and writes nothing', async () => {
    const before = await snapshot(host, { times: true });
    const { version } = JSON.parse(await host.read('/usr/local/lib/pm2-guard/install.json')) as { version: string };
    expect(await host.run('pm2 guard-verify', { user: 'deploy' })).toMatchObject({
      status: 0,
      stderr: '',
      stdout:
        `guarded by pm2-guard ${version}\nconfig   /etc/pm2-guard/config.yaml\n` +
        'daemon   ops: ops, /home/ops/.pm2\ndaemon   web: www-data, /var/www/.pm2\n' +
        'you      deploy: calls that name no app go to daemon web\npm2      /usr/lib/node_modules/pm2/bin/pm2  ' +
        '(7.0.4)\n',
    });
    expect(await host.run('sudo pm2 guard-verify', { user: 'deploy' })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: containing('you      root, by sudo from deploy: calls that name no app go to daemon web\n'),
    });
    expect(await host.run('pm2 guard-verify', { user: 'ops' })).toMatchObject({
      status: 0,
      stdout: containing('you      ops: calls that name no app go to daemon ops, as they are\n'),
    });
    expect(await host.run('pm2 guard-verify', { user: 'alice' })).toMatchObject({
      status: 0,
      stdout: containing('you      alice: exempt, left alone in /home/alice/.pm2\n'),
    });
    expect(await host.run('pm2 guard-verify', { env: { PM2_GUARD: 'off' } })).toMatchObject({
      status: 0,
      stdout: containing('off      PM2_GUARD=off is set in this shell'),
    });
    expect(difference(before, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
    expect(host.daemons()).toEqual([]);
  });

  it('answers machines', async () => {
    const { status, stdout, stderr } = await host.run('pm2 guard-verify --json', { user: 'deploy' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      guarded: true,
      config: { file: '/etc/pm2-guard/config.yaml', error: null, warnings: [] },
      off: false,
      daemons: [
        { name: 'ops', user: 'ops', home: '/home/ops/.pm2' },
        { name: 'web', user: 'www-data', home: '/var/www/.pm2' },
      ],
      caller: {
        user: 'deploy',
        home: '/home/deploy/.pm2',
        login: null,
        verdict: 'rewrite',
        code: 'PG101',
        daemon: 'web',
      },
      pm2: { path: '/usr/lib/node_modules/pm2/bin/pm2', version: '7.0.4' },
    });
  });

  it('lost output: an error, unless the reader did not want it', async () => {
    expect(await host.run('pm2 guard-verify >/dev/full')).toMatchObject({
      status: 74,
      stderr: containing('pm2-guard: standard output could not be written: ENOSPC'),
    });
    // The pipe has no reader when the call writes.
    const early = 'mkfifo /tmp/pipe; exec 3<>/tmp/pipe 4>/tmp/pipe 3<&-; pm2 guard-verify --json >&4';
    expect(await host.run(early)).toMatchObject({ status: 0, stderr: '' });
    await host.must('rm /tmp/pipe');
  });

  it('names the login user, and sudo only where it was sudo', async () => {
    expect(await host.run('DOAS_USER=deploy pm2 guard-verify')).toMatchObject({
      stdout: containing('you      root, logged in as deploy: calls that name no app go to daemon web\n'),
    });
  });

  it('blocks the names that verify tries for every user, also with PM2_GUARD=off, and records nothing', async () => {
    await host.write('/usr/bin/logger', '#!/bin/sh\ntouch /tmp/logged\n', { mode: '755' });
    for (const options of [{}, { user: 'alice' }, { user: 'www-data' }, { env: { PM2_GUARD: 'off' } }]) {
      for (const call of ['pm2 describe pm2-guard-verify-x', 'pm2 start /bin/true --name pm2-guard-verify-x']) {
        const lines = `pm2-guard: blocked (PG108): nothing was run\n  "${call}" names pm2-guard-verify-x, `;
        expect(await host.run(call, options)).toMatchObject({ status: 126, stdout: '', stderr: containing(lines) });
      }
    }
    expect(host.daemons()).toEqual([]);
    expect(await host.exists('/tmp/logged')).toBe(false);
  });

  it('says that there is no pm2', async () => {
    await host.must('mv /usr/lib/node_modules/pm2 /srv/pm2');
    expect(await host.run('pm2 guard-verify')).toMatchObject({
      status: 0,
      stdout: containing('pm2      there is none on this host; run:  sudo npm install -g pm2\n'),
    });
    await host.must('mv /srv/pm2 /usr/lib/node_modules/pm2');
  });

  it('says that the config cannot be used, and that another holds', async () => {
    await host.write('/etc/pm2-guard/config.yaml', 'default: [\n');
    expect(await host.run('pm2 guard-verify')).toMatchObject({
      status: 0,
      stdout: containing('warning  /etc/pm2-guard/config.yaml:'),
    });
    await host.must('rm /var/lib/pm2-guard/policy.json');
    const { status, stdout } = await host.run('pm2 guard-verify');
    expect({ status, stdout }).toEqual({
      status: 78,
      stdout: expect.stringMatching(
        joined(
          /^guarded by pm2-guard \S+, but its config cannot be used\n/,
          / {2}\/etc\/pm2-guard\/config\.yaml:\d+:\d+: .*run: {5}sudo pm2-guard check\n$/s,
        ),
      ) as string,
    });
    const json = await host.run('pm2 guard-verify --json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      guarded: true,
      daemons: [],
      caller: null,
      config: { error: containing('/etc/pm2-guard/config.yaml:') },
    });
    expect(json.status).toBe(78);
  });
});
