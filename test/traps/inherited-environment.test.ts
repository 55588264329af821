import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { CONFIG, daemonsOn, foreignFiles, OPS, SITE, twins, WEB } from './twins.ts';

const script = 'setInterval(() => {}, 1000);';

describeOnHost('T11: sudo -E, HOME survives', () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.write('/etc/sudoers.d/ops', 'ops ALL=(ALL:ALL) NOPASSWD: ALL\n', { mode: '440' });
    await host.write('/home/ops/backup.js', script, { owner: 'ops' });
  });
  const story = async (host: Host) => {
    await host.must('sudo -E pm2 start backup.js', { user: 'ops' });
    return host.run('pm2 jlist', { user: 'ops' });
  };

  it("plain: root's daemon sits in the user's home, and he is locked out", async () => {
    const later = await story(hosts.plain);
    expect(later.status).toBe(1);
    expect(later.stdout + later.stderr).toMatch(/EACCES|[Pp]ermission denied/);
    expect(daemonsOn(hosts.plain)).toEqual([`root ${OPS}`]);
    expect(await foreignFiles(hosts.plain, OPS, 'ops')).not.toEqual([]);
  });

  it('guarded: the daemon is his', async () => {
    const later = await story(hosts.guarded);
    expect(later).toMatchObject({ status: 0, stderr: '' });
    expect(later.stdout).toContain('"name":"backup"');
    expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`]);
    expect(await foreignFiles(hosts.guarded, OPS, 'ops')).toEqual([]);
  });
});

describeOnHost("T11: su -m and setpriv, root's HOME survives", () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.write('/home/ops/backup.js', script, { owner: 'ops' });
    await host.must('pm2 start backup.js', { user: 'ops' });
  });
  const ways = [
    'su -m ops -c "pm2 restart backup"',
    'setpriv --reuid=ops --regid=ops --init-groups pm2 restart backup',
  ];

  it.each(ways)("plain: %s ends in root's home", async (way) => {
    const { status, stdout, stderr } = await hosts.plain.run(way, { cwd: '/' });
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/EACCES|Permission denied|ENOENT/);
    expect(await hosts.plain.apps(OPS)).toMatchObject([{ restarts: 0 }]);
  });

  it.each(ways.map((way, index) => [way, index + 1] as const))(
    'guarded: %s restarts the app',
    async (way, restarts) => {
      expect(await hosts.guarded.run(way, { cwd: '/' })).toMatchObject({ status: 0 });
      expect(await hosts.guarded.apps(OPS)).toMatchObject([{ name: 'backup', restarts }]);
      expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`]);
    },
  );
});

describeOnHost('T14: stay root, set PM2_HOME', () => {
  const hosts = twins(CONFIG, {}, (host) => host.must('pm2 ping', { user: 'www-data' }));
  const start = (host: Host) =>
    host.must(`sudo PM2_HOME=${WEB} pm2 start server.js --name myapp && sudo PM2_HOME=${WEB} pm2 save`, {
      user: 'deploy',
      cwd: SITE,
    });

  it("plain: it works, with root's environment in the app and root's files in the home", async () => {
    await start(hosts.plain);
    expect(await hosts.plain.apps(WEB)).toMatchObject([
      { name: 'myapp', uid: 33, env: { HOME: '/root', USER: 'root', SUDO_USER: 'deploy' } },
    ]);
    expect(await foreignFiles(hosts.plain, WEB, 'www-data')).toContain(`root ${WEB}/dump.pm2`);
  });

  it("guarded: it works, and nothing of root's is in the app or the home", async () => {
    await start(hosts.guarded);
    const [app] = await hosts.guarded.apps(WEB);
    expect(app).toMatchObject({
      name: 'myapp',
      uid: 33,
      env: { HOME: '/var/www', USER: 'www-data', LOGNAME: 'www-data', PM2_HOME: WEB },
    });
    expect(Object.keys(app?.env ?? {}).filter((name) => /^(SUDO_|PM2_GUARD)/.test(name))).toEqual([]);
    expect(await foreignFiles(hosts.guarded, WEB, 'www-data')).toEqual([]);
    expect(await hosts.guarded.read(`${WEB}/dump.pm2`)).toContain('"name": "myapp"');
  });
});

describeOnHost('T14: stay root, set PM2_HOME, and the daemon is down', () => {
  const hosts = twins();
  const list = (host: Host) => host.must(`sudo PM2_HOME=${WEB} pm2 list`, { user: 'deploy' });

  it("plain: root's daemon takes the home over", async () => {
    await list(hosts.plain);
    expect(daemonsOn(hosts.plain)).toEqual([`root ${WEB}`]);
    expect((await hosts.plain.run('pm2 list', { user: 'www-data' })).status).toBe(1);
  });

  it("guarded: the owner's daemon is spawned", async () => {
    await list(hosts.guarded);
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect((await hosts.guarded.run('pm2 list', { user: 'www-data' })).status).toBe(0);
  });
});

describeOnHost('T18: su and runuser keep PM2_HOME', () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.must('pm2 ping', { user: 'ops' });
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
  });
  // Root looked after ops' daemon a minute ago, in the same shell.
  const shell = { env: { PM2_HOME: OPS }, cwd: '/' };
  const ways = ['su -s /bin/sh www-data -c "pm2 restart myapp"', 'runuser -u www-data -- pm2 restart myapp'];

  it.each(ways)('plain: %s knocks at the wrong door', async (way) => {
    const { status, stdout, stderr } = await hosts.plain.run(way, shell);
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/EACCES|Permission denied/);
    expect(await hosts.plain.apps(WEB)).toMatchObject([{ restarts: 0 }]);
  });

  it.each(ways.map((way, index) => [way, index + 1] as const))(
    'guarded: %s restarts the app',
    async (way, restarts) => {
      expect(await hosts.guarded.run(way, shell)).toMatchObject({ status: 0 });
      expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', restarts }]);
      expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`, `www-data ${WEB}`]);
    },
  );
});
