import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { appsIn, CONFIG, daemonsOn, OPS, SITE, twins, WEB } from './twins.ts';

const script = 'setInterval(() => {}, 1000);';
const startSite = (host: Host, env: Record<string, string | undefined>, user = 'www-data') =>
  host.run('pm2 start server.js --name myapp', { user, cwd: SITE, env });

for (const [pm2, home] of [
  ['6.0.14', '/etc/.pm2'],
  ['7.0.4', '/root/.pm2'],
] as const) {
  describeOnHost(`T15: HOME unset, PM2 ${pm2}`, () => {
    const hosts = twins(CONFIG, { pm2 });

    it(`plain: root's daemon in ${home}`, async () => {
      await startSite(hosts.plain, { HOME: undefined }, 'root'); // as cloud-init does
      expect(daemonsOn(hosts.plain)).toEqual([`root ${home}`]);
    });

    it("guarded: the owner's daemon, for root and for the owner", async () => {
      expect(await startSite(hosts.guarded, { HOME: undefined }, 'root')).toMatchObject({ status: 0 });
      expect(
        await hosts.guarded.run('pm2 restart myapp', { user: 'www-data', env: { HOME: undefined } }),
      ).toMatchObject({ status: 0 });
      expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
      expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', restarts: 1 }]);
    });
  });
}

describeOnHost('T16: HOME=/, or a home that is not there', () => {
  const hosts = twins();

  it.each(['/', '/nonexistent'])('plain: HOME=%s cannot be written to', async (HOME) => {
    const { status, stdout, stderr } = await startSite(hosts.plain, { HOME });
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/EACCES/);
    expect(daemonsOn(hosts.plain)).toEqual([]);
  });

  it.each(['/', '/nonexistent'])('guarded: HOME=%s does not matter', async (HOME) => {
    expect(await startSite(hosts.guarded, { HOME })).toMatchObject({ status: 0 });
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    await hosts.guarded.must('pm2 delete myapp', { user: 'www-data' });
  });
});

describeOnHost('T17: PM2_HOME exported in one shell only', () => {
  const hosts = twins(
    CONFIG.replace('user: ops', 'user: ops\n    home: /srv/ops/.pm2').replace('default: web', 'default: ops'),
    {},
    async (host) => {
      await host.must('install -d -o ops /srv/ops');
      await host.write('/home/ops/backup.js', script, { owner: 'ops' });
      await host.must('pm2 start backup.js', { user: 'ops', env: { PM2_HOME: '/srv/ops/.pm2' } });
    },
  );
  const names = (output: string) =>
    [...output.matchAll(/"name":"(\w+)","namespace"|^\[\]$/gm)].map(([, name]) => name ?? 'none');

  it('plain: the list is empty over ssh', async () => {
    const { stdout } = await hosts.plain.run('pm2 jlist', { user: 'ops' });
    expect(stdout.trim()).toMatch(/\[\]$/);
    expect(daemonsOn(hosts.plain)).toEqual([`ops ${OPS}`, 'ops /srv/ops/.pm2'].sort());
  });

  it('guarded: both see the same', async () => {
    for (const env of [{}, { PM2_HOME: '/srv/ops/.pm2' }])
      expect(names((await hosts.guarded.run('pm2 jlist', { user: 'ops', env })).stdout)).not.toContain('none');
    expect(await hosts.guarded.run('pm2 restart backup', { user: 'ops' })).toMatchObject({ status: 0 });
    expect(await hosts.guarded.apps('/srv/ops/.pm2')).toMatchObject([{ name: 'backup', restarts: 1 }]);
    expect(daemonsOn(hosts.guarded)).toEqual(['ops /srv/ops/.pm2']);
  });
});

describeOnHost('T19: HOME=/srv/app pm2 start, to give the app a HOME', () => {
  const hosts = twins(CONFIG, {}, (host) => host.must('install -d -o www-data /srv/app'));

  it('plain: a daemon of its own comes with it', async () => {
    await startSite(hosts.plain, { HOME: '/srv/app' });
    expect(daemonsOn(hosts.plain)).toEqual(['www-data /srv/app/.pm2']);
  });

  it('guarded: the app has its HOME, in the daemon it belongs to', async () => {
    await startSite(hosts.guarded, { HOME: '/srv/app' });
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', env: { HOME: '/srv/app' } }]);
  });
});

describeOnHost('T20: same user, private HOME', () => {
  const agent = '/home/ops/.agent';
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.must(`install -d -o ops ${agent}`);
    await host.write('/home/ops/backup.js', script, { owner: 'ops' });
  });
  const start = (host: Host) =>
    host.must('pm2 start backup.js', { user: 'ops', env: { HOME: agent }, cwd: '/home/ops' });

  it('plain: "started", but other users do not see it', async () => {
    await start(hosts.plain);
    expect((await hosts.plain.must('pm2 jlist', { user: 'ops' })).trim()).toMatch(/\[\]$/);
  });

  it('guarded: all users see it', async () => {
    await start(hosts.guarded);
    expect(await hosts.guarded.must('pm2 jlist', { user: 'ops' })).toContain('"name":"backup"');
    expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`]);
  });
});

describeOnHost("T21: variables that move PM2's paths are inherited", () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.must('install -d -o www-data /srv/other');
    await startSite(host, {});
  });
  const strays = [
    { OVER_HOME: '/srv/other' },
    { PM2_DAEMON_RPC_PORT: '/srv/other/rpc.sock', PM2_DAEMON_PUB_PORT: '/srv/other/pub.sock' },
  ].map((env) => [Object.keys(env).join(', '), env] as const);

  it.each(strays)('plain: %s makes a second daemon', async (_, env) => {
    expect(await hosts.plain.run('pm2 restart myapp', { user: 'www-data', env })).toMatchObject({ status: 1 });
    expect(daemonsOn(hosts.plain)).toEqual([`www-data ${WEB}`, 'www-data /srv/other'].sort());
    await hosts.plain.must('pm2 kill', { user: 'www-data', env });
  });

  it('plain: PM2_DUMP_FILE_PATH saves where no boot looks', async () => {
    await hosts.plain.must('pm2 save', { user: 'www-data', env: { PM2_DUMP_FILE_PATH: '/srv/other/dump.pm2' } });
    expect(await hosts.plain.exists('/srv/other/dump.pm2')).toBe(true);
  });

  it.each(strays)('guarded: %s does not', async (_, env) => {
    const before = (await hosts.guarded.apps(WEB))[0]?.restarts ?? 0;
    expect(await hosts.guarded.run('pm2 restart myapp', { user: 'www-data', env })).toMatchObject({ status: 0 });
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ restarts: before + 1 }]);
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
  });

  it('guarded: PM2_DUMP_FILE_PATH does not', async () => {
    await hosts.guarded.must('pm2 save', { user: 'www-data', env: { PM2_DUMP_FILE_PATH: '/srv/other/dump.pm2' } });
    expect(await hosts.guarded.tree('/srv/other')).toHaveLength(1);
    expect(await hosts.guarded.read(`${WEB}/dump.pm2`)).toContain('"name": "myapp"');
  });
});

describeOnHost('T22: two homes of one user, on purpose', () => {
  const config =
    'daemons:\n  blue:\n    user: ops\n    home: /srv/blue/.pm2\n    apps: [blue]\n  green:\n    user: ops\n    ' +
    'home: /srv/green/.pm2\n    apps: [green]\n';
  const hosts = twins(config, {}, async (host) => {
    await host.must('install -d -o ops /srv/blue /srv/green');
    for (const name of ['blue', 'green']) {
      await host.write(`/srv/${name}/${name}.js`, script, { owner: 'ops' });
      await host.must(`pm2 start ${name}.js`, {
        user: 'ops',
        cwd: `/srv/${name}`,
        env: { PM2_HOME: `/srv/${name}/.pm2` },
      });
    }
  });
  const deploy = (host: Host) =>
    host.must('pm2 restart green || pm2 start green.js', {
      user: 'ops',
      cwd: '/srv/green',
      env: { PM2_HOME: '/srv/blue/.pm2' },
    });

  it('plain: a copy beside the wrong apps', async () => {
    await deploy(hosts.plain);
    expect(await appsIn(hosts.plain, '/srv/blue/.pm2')).toEqual(['blue', 'green']);
  });

  it('guarded: each in its own', async () => {
    await deploy(hosts.guarded);
    expect(await appsIn(hosts.guarded, '/srv/blue/.pm2')).toEqual(['blue']);
    expect(await hosts.guarded.apps('/srv/green/.pm2')).toMatchObject([{ name: 'green', restarts: 1 }]);
    expect(
      await hosts.guarded.run('pm2 restart blue', { user: 'ops', env: { PM2_HOME: '/srv/blue/.pm2' } }),
    ).toMatchObject({ status: 0, stderr: '' });
  });
});
