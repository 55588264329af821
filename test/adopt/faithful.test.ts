import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import type { HostApp } from '../harness/sight.ts';
import { CONFIG, foreignFiles, WEB } from '../traps/twins.ts';
import { adopted, pm2Of, ROOT, savedIn } from './scene.ts';

const idle = 'setInterval(() => {}, 1000);';
const ecosystem = `module.exports = { apps: [
  {
    name: 'shop-plain',
    script: '/srv/shop/app.js',
    cwd: '/srv/shop',
    args: ['--port', '3 4'],
    node_args: ['--max-old-space-size=64'],
    env: { COLOUR: 'red', KEY: 'a=b "c"', CONFIG: '/root/secret.json' },
    env_production: { COLOUR: 'blue' },
    cron_restart: '0 4 * * *',
    max_memory_restart: '300M',
    max_restarts: 7,
    min_uptime: 200,
    restart_delay: 10,
    kill_timeout: 900,
    out_file: '/var/log/shop/out.log',
    namespace: 'shop',
    log_date_format: 'YYYY',
    autorestart: true,
    source_map_support: false,
  },
  {
    name: 'shop-many',
    script: '/srv/shop/app.js',
    cwd: '/srv/shop',
    instances: 2,
    exec_mode: 'cluster',
    min_uptime: 200,
    instance_var: 'SLOT',
  },
  { name: 'shop-shell', script: 'sleep 1000', cwd: '/srv/shop', min_uptime: 200 },
  { name: 'shop-job', script: '/srv/shop/job.js', cwd: '/srv/shop', autorestart: false, min_uptime: 200 },
  {
    name: 'shop-watched',
    script: '/srv/shop/app.js',
    cwd: '/srv/shop',
    watch: ['watched'],
    ignore_watch: ['x'],
    min_uptime: 200,
  },
  {
    name: 'shop-slow',
    script: '/srv/shop/ready.js',
    cwd: '/srv/shop',
    wait_ready: true,
    listen_timeout: 2000,
    min_uptime: 200,
  },
] };`;

/** A daemon works these out for itself. */
const BY_DAEMON =
  'pm_id pm_uptime created_at unique_id status restart_time unstable_restarts exit_code version versioning ' +
  'node_version _pm2_version vizion_running instances prev_restart_delay env username km_link pm_pid_path';
/** adopt changes these. Other tests below look at them. */
const BY_ADOPT =
  'HOME USER LOGNAME SHELL MAIL PATH PWD OLDPWD PM2_HOME SHLVL _ TERM CONFIG PM2_GUARD_TEST shop-stopped';
const CHANGES = new RegExp(`^(axm_.*|SUDO_.*|${[...BY_DAEMON.split(' '), ...BY_ADOPT.split(' ')].join('|')})$`);

function lasting({ pm2 }: HostApp): Record<string, unknown> {
  const text = JSON.stringify(Object.fromEntries(Object.entries(pm2).filter(([key]) => !CHANGES.test(key))));
  return JSON.parse(text.replaceAll(ROOT, WEB).replace(/-\d+\.log/g, '.log')) as Record<string, unknown>;
}

const order = (apps: HostApp[]) =>
  [...apps].sort((a, b) => (`${a.name}${String(a.pm2.SLOT)}` < `${b.name}${String(b.pm2.SLOT)}` ? -1 : 1));

describeOnHost('what adopt moves is what it was', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.write('/srv/shop/app.js', idle);
    await host.write('/srv/shop/job.js', 'process.exit(0)');
    await host.write('/srv/shop/ready.js', `process.send("ready"); ${idle}`);
    await host.write('/srv/shop/ecosystem.config.js', ecosystem);
    await host.must('mkdir /srv/shop/watched /root/.nvm; install -d -m 777 /var/log/shop');
  });
  afterEach(() => host.must(`kill -9 -1; rm -rf ${ROOT} /var/log/shop/*; find ${WEB} -mindepth 1 -delete`));
  afterAll(() => host.dispose());

  it.each([
    ['5.4.3', '7.0.4'],
    ['7.0.4', '5.4.3'],
    ['6.0.14', '7.0.4'],
  ] as const)('from PM2 %s to %s', async (from, to) => {
    await host.installGuard(CONFIG.replace('  web:\n', `  web:\n    pm2: ${pm2Of(to)}\n`));
    await host.must(
      `sudo LANG=C.UTF-8 PM2_GUARD_TEST=1 ${pm2Of(from)} start /srv/shop/ecosystem.config.js && sudo ` +
        `${pm2Of(from)} start /srv/shop/app.js --name shop-stopped --cwd /srv/shop --uid www-data && sudo ` +
        `${pm2Of(from)} stop shop-stopped && sudo ${pm2Of(from)} save`,
      { user: 'deploy', timeoutMs: 60_000 },
    );
    await expect
      .poll(async () => (await host.apps(ROOT)).find(({ name }) => name === 'shop-job')?.status)
      .toBe('stopped');
    const before = order(await host.apps(ROOT));
    expect(before).toHaveLength(8);

    await host.must('chown www-data: /var/log/shop/*'); // else the look before the leap says so
    const said = await adopted(host, '--all-strays');
    expect(said).toContain(
      "note      shop-plain loses variables that lead into the old user's home directory or session: CONFIG",
    );
    expect(await adopted(host, '--all-strays')).toBe(
      'nothing to adopt: each app runs in the daemon that the config gives it\n',
    );
    const after = order(await host.apps(WEB));
    expect(after.map(lasting)).toEqual(
      before
        .map(lasting)
        .map((record) => ({ ...record, ...(record.name === 'shop-stopped' ? { uid: undefined, gid: undefined } : {}) }))
        .map((record) => JSON.parse(JSON.stringify(record)) as object),
    );
    expect(after.map(({ name, status, uid, pm2 }) => [name, status, uid, pm2.SLOT])).toEqual(
      [
        ['shop-job', 'stopped', null, undefined],
        ['shop-many', 'online', 33, 0],
        ['shop-many', 'online', 33, 1],
        ['shop-plain', 'online', 33, undefined],
        ['shop-shell', 'online', 33, undefined],
        ['shop-slow', 'online', 33, undefined],
        ['shop-stopped', 'stopped', null, undefined],
        ['shop-watched', 'online', 33, undefined],
      ].map(([name, status, uid, slot]) => [name, status, uid, name === 'shop-many' ? slot : undefined]),
    );
    for (const { name, pm2, env } of after) {
      const stored = pm2.env as Record<string, unknown>;
      for (const place of [stored, pm2, env]) {
        const whose = Object.entries(place).filter(
          ([key, value]) =>
            /^(SUDO_|PM2_GUARD)/.test(key) ||
            (typeof value === 'string' && /\/root|deploy/.test(value) && key !== 'pm2_env'),
        );
        expect([name, whose]).toEqual([name, []]);
      }
      expect(stored).toMatchObject({ HOME: '/var/www', USER: 'www-data', PM2_HOME: WEB });
    }
    expect(after.find(({ name }) => name === 'shop-plain')?.env).toMatchObject({
      COLOUR: 'red',
      KEY: 'a=b "c"',
      pm_out_log_path: '/var/log/shop/out.log',
    });
    expect(await savedIn(host, WEB)).toEqual(after.map(({ name }) => name));
    expect(await host.apps(ROOT)).toEqual([]);
    expect(await savedIn(host, ROOT)).toEqual([]);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    // The list is one that this PM2 itself brings back.
    await host.must(`${pm2Of(to)} kill && ${pm2Of(to)} resurrect`, { user: 'www-data', timeoutMs: 60_000 });
    expect((await host.apps(WEB)).map(({ name, status }) => `${name} ${status}`).sort()).toEqual(
      after.map(({ name, status }) => `${name} ${status}`).sort(),
    );
  });
});
