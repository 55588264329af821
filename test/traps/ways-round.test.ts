import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host, type RunOptions } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import type { Result } from '../harness/running.ts';
import { CONFIG, daemonsOn, SITE, WEB } from './twins.ts';

const BIN = '/usr/lib/node_modules/pm2/bin/pm2';

interface Pair {
  /** With pm2-guard, as install leaves it. */
  guarded: Host;
  /** The same, sealed. */
  sealed: Host;
}

/** Two guarded hosts where myapp runs as it should; the real pm2 of one is sealed. */
function pair(prepare: (host: Host) => Promise<unknown> = () => Promise.resolve(), seal = 'pm2-guard seal'): Pair {
  const hosts = {} as Pair;
  beforeAll(async () => {
    [hosts.guarded, hosts.sealed] = await Promise.all([createHost(), createHost()]);
    await Promise.all(
      [hosts.guarded, hosts.sealed].map(async (host) => {
        await prepare(host);
        await host.installGuard(CONFIG);
        await host.must('pm2 start server.js --name myapp && pm2 save', { cwd: SITE });
      }),
    );
    await hosts.sealed.must(seal);
  });
  afterAll(async () => {
    await Promise.all([hosts.guarded.dispose(), hosts.sealed.dispose()]);
  });
  return hosts;
}

/** Whatever a call of root's did, it did in the owner's daemon. */
async function restarts(host: Host): Promise<number | undefined> {
  expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
  return (await host.apps(WEB)).find(({ name }) => name === 'myapp')?.restarts;
}

describeOnHost('T40: pm2 by its absolute path', () => {
  const hosts = pair();
  const ways = [
    '/usr/bin/pm2',
    BIN,
    `node ${BIN}`,
    `exec -a pm2 ${BIN}`,
    'cd /usr/lib/node_modules && exec ./pm2/bin/pm2',
  ];

  it('goes round the shim', async () => {
    const { stdout, status } = await hosts.guarded.run(
      '/usr/bin/pm2 restart myapp || /usr/bin/pm2 start server.js --name myapp',
      { cwd: SITE },
    );
    expect(stdout).toContain('Done');
    expect(status).toBe(0);
    expect(daemonsOn(hosts.guarded)).toEqual(['root /root/.pm2', `www-data ${WEB}`]);
  });

  it('is met where it is sealed, once, and by the shim as well', async () => {
    let before = (await restarts(hosts.sealed)) ?? -1;
    for (const way of [...ways, 'pm2', 'sudo pm2', 'sudo /usr/bin/pm2']) {
      const { stderr, status } = await hosts.sealed.exec(['bash', '-c', `${way} restart myapp`]);
      expect({ way, stderr, status }).toEqual({ way, stderr: rewritten('pm2 restart myapp', 6), status: 0 });
      expect(await restarts(hosts.sealed)).toBe(++before);
    }
  });

  it('is blocked for a user without rights if the package is sealed', async () => {
    const { stdout, stderr, status } = await hosts.sealed.exec(['/usr/bin/pm2', 'restart', 'myapp'], { user: 'alice' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 126 });
    expect(stderr).toContain('blocked (PG101): nothing was run\n  "pm2 restart myapp" is not for alice to run.\n');
    expect(await hosts.sealed.exists('/home/alice/.pm2')).toBe(false);
  });

  it('passes where it is sealed, for the owner', async () => {
    const before = (await restarts(hosts.sealed)) ?? -1;
    expect(
      await hosts.sealed.exec(['/usr/bin/pm2', 'restart', 'myapp'], { user: 'www-data', env: { PM2_HOME: WEB } }),
    ).toMatchObject({ status: 0, stderr: '' });
    expect(await restarts(hosts.sealed)).toBe(before + 1);
  });

  it("a dying daemon's `node $_ update` is understood", async () => {
    // lib/Daemon.js: spawn('node', [process.env['_'], 'update'], { env: process.env, detached: true })
    const env = { PM2_HOME: WEB, _: '/usr/bin/pm2' };
    expect(await hosts.sealed.exec(['node', '/usr/bin/pm2', 'update'], { user: 'www-data', env })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(daemonsOn(hosts.sealed)).toEqual([`www-data ${WEB}`]);
    const stray = await hosts.sealed.exec(['node', '/usr/bin/pm2', 'update'], {
      env: { ...env, PM2_HOME: '/root/.pm2' },
    });
    expect(stray).toMatchObject({ status: 126, stdout: '' });
    expect(stray.stderr).toContain(
      '"pm2 update" as root would use the PM2 daemon in PM2_HOME /root/.pm2.\n' +
        '  The config declares no daemon there  (/etc/pm2-guard/config.yaml)\n',
    );
  });
});

describeOnHost('T42: environments whose PATH knows nothing of us', () => {
  const hosts = pair();
  const line = 'pm2 restart myapp || pm2 start /var/www/html/myapp/public_html/server.js --name myapp';
  const bare = {
    HOME: undefined,
    USER: undefined,
    LOGNAME: undefined,
    LANG: undefined,
    PWD: undefined,
    SHELL: '/bin/sh',
  };
  const ways: [what: string, options: RunOptions][] = [
    ["cron's own", { env: { ...bare, HOME: '/root', LOGNAME: 'root', PATH: '/usr/bin:/bin' } }], // cron(8), crontab(5)
    [
      'a unit with a PATH of its own',
      { env: { ...bare, PATH: '/usr/bin', INVOCATION_ID: '0', JOURNAL_STREAM: '8:1' } },
    ],
    ['nothing but PATH', { env: { ...bare, PATH: '/bin:/usr/bin:/usr/local/bin' } }],
  ];

  it.each(ways)('%s leads round the shim', async (_, options) => {
    await hosts.guarded.must(line, options);
    expect(daemonsOn(hosts.guarded).filter((daemon) => !daemon.startsWith('www-data'))).not.toEqual([]);
    await hosts.guarded.must('PM2_GUARD=off pm2 kill; rm -rf /root/.pm2 /etc/.pm2');
  });

  it.each(ways)('%s leads to the guard where pm2 is sealed', async (_, options) => {
    const before = (await restarts(hosts.sealed)) ?? -1;
    const { stderr } = await hosts.sealed.run(line, options);
    expect(stderr).toBe(rewritten('pm2 restart myapp', 6));
    expect(await restarts(hosts.sealed)).toBe(before + 1);
    expect(await hosts.sealed.exists('/root/.pm2')).toBe(false);
  });
});

describeOnHost('T43: a version manager puts its bin first at login', () => {
  const prefix = '/home/deploy/.nvm/versions/node/v22.23.3';
  const hosts = pair(async (host) => {
    await host.must(
      `mkdir -p ${prefix}/bin && cp -r ${checkout}/.cache/pm2/7.0.4/* ${prefix} && ln -s /usr/bin/node ` +
        `${prefix}/bin/node && chown -R deploy: /home/deploy/.nvm`,
    );
    await host.must(`echo 'export PATH="${prefix}/bin:$PATH"' >> /home/deploy/.profile`);
  }, 'pm2-guard seal --user deploy');
  const deploy = { user: 'deploy', login: true };

  it('and goes round the shim', async () => {
    expect((await hosts.guarded.must('command -v pm2', deploy)).trim()).toBe(`${prefix}/bin/pm2`);
    await hosts.guarded.must(`pm2 restart myapp || pm2 start ${SITE}/server.js --name myapp`, deploy);
    expect(daemonsOn(hosts.guarded)).toEqual(['deploy /home/deploy/.pm2', `www-data ${WEB}`]);
  });

  it('and is met where it is sealed', async () => {
    expect((await hosts.sealed.must('command -v pm2', deploy)).trim()).toBe(`${prefix}/bin/pm2`);
    const before = (await restarts(hosts.sealed)) ?? -1;
    const { stderr, status } = await hosts.sealed.run('pm2 restart myapp', deploy);
    expect({ stderr, status }).toEqual({ stderr: rewritten('pm2 restart myapp', 6), status: 0 });
    expect(await restarts(hosts.sealed)).toBe(before + 1);
  });
});

describeOnHost('units of pm2 startup, and a sealed pm2', () => {
  const unit = '/etc/systemd/system/pm2-www-data.service';
  const strays = '/etc/systemd/system/pm2-root.service';
  const hosts = pair(async (host) => {
    await host.standInSystemctl();
    // Root's stray of two weeks ago, with its unit.
    await host.must(
      `/usr/bin/pm2 start ${SITE}/server.js --name myapp && /usr/bin/pm2 save && /usr/bin/pm2 startup systemd -u ` +
        'root --hp /root && /usr/bin/pm2 kill',
      { cwd: '/' },
    );
  });

  /** Runs one line of a unit with exactly its User= and Environment=, and what systemd adds (systemd.exec(5)). */
  const asSystemd = async (
    host: Host,
    file: string,
    line: 'ExecStart' | 'ExecStop' | 'ExecReload',
  ): Promise<Result> => {
    const text = await host.read(file);
    const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    const account = host.account(valueOf('User'));
    const own = Object.fromEntries(
      [...text.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const env = {
      PWD: undefined,
      HOME: account.home,
      USER: account.name,
      LOGNAME: account.name,
      SHELL: account.shell,
      LANG: 'C.UTF-8',
      INVOCATION_ID: '9f2b',
      JOURNAL_STREAM: '8:42',
      ...own,
    };
    return host.exec(valueOf(line).split(' '), { user: account.name, cwd: '/', env });
  };
  const reboot = (host: Host) =>
    host.must(
      'pkill -9 -f "[G]od Daemon"; pkill -9 -f [s]erver.js; rm -f /var/www/.pm2/*.sock /root/.pm2/*.sock; true',
    );

  it('are written as ever', async () => {
    await Promise.all(
      [hosts.guarded, hosts.sealed].map((host) => host.must('pm2 startup systemd -u www-data', { cwd: '/' })),
    );
    const text = await hosts.sealed.read(unit);
    expect(text).toBe(await hosts.guarded.read(unit));
    expect(text).toContain(`ExecStart=${BIN} resurrect\n`);
    await hosts.sealed.must(`rm ${unit}; /usr/bin/pm2 startup systemd -u www-data`, { cwd: '/' });
    expect(await hosts.sealed.read(unit)).toBe(text);
  });

  it('boot the right daemon, silently', async () => {
    await reboot(hosts.sealed);
    expect(await asSystemd(hosts.sealed, unit, 'ExecStart')).toMatchObject({ status: 0, stderr: '' });
    expect(daemonsOn(hosts.sealed)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.sealed.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online', uid: 33 }]);
    expect(await asSystemd(hosts.sealed, unit, 'ExecReload')).toMatchObject({ status: 0, stderr: '' });
  });

  it('of a stray boot a second copy, where pm2 is not sealed', async () => {
    await reboot(hosts.guarded);
    for (const file of [unit, strays])
      expect(await asSystemd(hosts.guarded, file, 'ExecStart')).toMatchObject({ status: 0 });
    expect(daemonsOn(hosts.guarded)).toEqual(['root /root/.pm2', `www-data ${WEB}`]);
    expect(await hosts.guarded.apps('/root/.pm2')).toMatchObject([{ name: 'myapp' }]);
  });

  it('of a stray are blocked where it is, and take no other daemon along', async () => {
    for (const line of ['ExecStart', 'ExecStop'] as const) {
      const { status, stdout, stderr } = await asSystemd(hosts.sealed, strays, line);
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      expect(stderr).toContain('PG105');
      expect(daemonsOn(hosts.sealed)).toEqual([`www-data ${WEB}`]);
    }
    expect(await hosts.sealed.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online' }]);
  });

  it('boot without pm2-guard, too', async () => {
    await reboot(hosts.sealed);
    await hosts.sealed.must('rm -rf /usr/local/lib/pm2-guard /usr/local/bin/pm2');
    const { status, stderr } = await asSystemd(hosts.sealed, unit, 'ExecStart');
    expect(status).toBe(0);
    expect(stderr).toMatch(/^pm2-guard: not guarded: [^\n]+\n$/);
    expect(await hosts.sealed.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online', uid: 33 }]);
    expect(await asSystemd(hosts.sealed, unit, 'ExecStop')).toMatchObject({ status: 0 });
    await expect.poll(() => daemonsOn(hosts.sealed), { timeout: 10_000 }).toEqual([]);
  });
});
