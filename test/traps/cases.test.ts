import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { twins, WEB } from './twins.ts';

const CONFIG = `\
default: web
daemons:
  web: {user: www-data, home: ${WEB}, apps: [myapp, "shop-*"], operators: [deploy]}
  ops: {user: ops, home: /srv/ops/pm2home, apps: [backup]}
  bobs: {user: bob, apps: [bobapp]}
`;
const APP = '/srv/app.js';
const SYSTEMCTL = '#!/bin/sh\necho "$*" >> /tmp/systemctl\n';

/** PM2 writes units and asks systemctl for the rest: here systemctl only notes what it was asked. */
const prepare = async (host: Host): Promise<void> => {
  await host.write(APP, 'setInterval(() => {}, 1e6)');
  await host.must('install -d -o ops -g ops /srv/ops');
  await host.must('mv /usr/bin/systemctl /usr/bin/systemctl.real');
  await host.write('/usr/bin/systemctl', SYSTEMCTL, { mode: '755' });
};
const unit = (host: Host, user: string) => host.read(`/etc/systemd/system/pm2-${user}.service`);

describeOnHost('T25: startup and unstartup', () => {
  const hosts = twins(CONFIG, { users: ['bob'] }, prepare);
  const root = (line: string) => hosts.guarded.run(`sudo ${line}`, { user: 'deploy' });

  it("plain: a unit of ops with a PM2_HOME that is not the daemon's", async () => {
    await hosts.plain.must('sudo pm2 startup systemd -u ops --hp /home/ops', { user: 'deploy' });
    expect(await unit(hosts.plain, 'ops')).toContain('Environment=PM2_HOME=/home/ops/.pm2\n');
  });
  it.each(['-u ops --hp /home/ops', '-u ops', '-u ops --hp /srv/ops'])(
    "guarded: startup %s writes the daemon's PM2_HOME, and nothing into it",
    async (words) => {
      expect(await root(`pm2 startup systemd ${words}`)).toMatchObject({ status: 0 });
      expect(await unit(hosts.guarded, 'ops')).toMatch(
        /User=ops\n[^]*Environment=PM2_HOME=\/srv\/ops\/pm2home\n[^]*PIDFile=\/srv\/ops\/pm2home\/pm2\.pid\n/,
      );
      expect(await hosts.guarded.exists('/srv/ops/pm2home')).toBe(false);
      expect(await hosts.guarded.exists('/root/.pm2')).toBe(false);
    },
  );
  it('guarded: links that the owner laid out in it lead root nowhere (S12)', async () => {
    await hosts.guarded.must(
      'mkdir -p /srv/ops/pm2home; cd /srv/ops/pm2home; echo 1 > touch; ln -s /etc/nologin module_conf.json; ln -s ' +
        '/etc/made logs',
      { user: 'ops' },
    );
    expect(await root('pm2 startup systemd -u ops')).toMatchObject({ status: 0 });
    expect(await hosts.guarded.exists('/etc/nologin')).toBe(false);
    expect(await hosts.guarded.exists('/etc/made')).toBe(false);
    await hosts.guarded.must('rm -r /srv/ops/pm2home');
  });
  it('guarded: what is typed for -u alone is filled in', async () => {
    expect((await root('pm2 startup systemd -u www-data')).stderr).toContain('rewritten');
    expect(await unit(hosts.guarded, 'www-data')).toContain('Environment=PM2_HOME=/var/www/.pm2\n');
  });
  it('guarded: the unit of a daemon that the config does not know goes', async () => {
    await hosts.guarded.write('/etc/systemd/system/pm2-root.service', '[Service]\n');
    await hosts.guarded.write('/etc/systemd/system/pm2-alice.service', '[Service]\n');
    expect(await root('pm2 unstartup systemd -u alice --hp /home/alice')).toMatchObject({ status: 0 });
    expect(await root('pm2 unstartup systemd')).toMatchObject({ status: 0 });
    const left = (await hosts.guarded.tree('/etc/systemd/system'))
      .map(({ path }) => path)
      .filter((path) => path.includes('pm2-'));
    expect(left).toEqual(['/etc/systemd/system/pm2-ops.service', '/etc/systemd/system/pm2-www-data.service']);
  });
  it('guarded: a bare unstartup is never turned on a declared daemon', async () => {
    const { status, stderr } = await root('pm2 unstartup systemd');
    expect(status).toBe(126);
    expect(stderr).toMatch(
      /choose: {3}if you mean daemon "web" - NOTHING STARTS AT BOOT .*sudo pm2 unstartup systemd -u www-data/,
    );
    expect(await unit(hosts.guarded, 'www-data')).toContain('User=www-data');
  });
  it("guarded: logrotate stays root's, for the daemon's own logs", async () => {
    await hosts.guarded.must('mkdir -p /etc/logrotate.d');
    expect(await root('pm2 logrotate -u ops')).toMatchObject({ status: 0 });
    expect(await hosts.guarded.read('/etc/logrotate.d/pm2-ops')).toContain('/srv/ops/pm2home/');
    expect(await hosts.guarded.exists('/srv/ops/pm2home')).toBe(false);
    await hosts.guarded.must('rm /etc/logrotate.d/pm2-ops');
    expect(await root('PM2_HOME=/srv/ops/pm2home pm2 logrotate -u ops')).toMatchObject({ status: 0 });
    expect(await hosts.guarded.read('/etc/logrotate.d/pm2-ops')).toContain('/srv/ops/pm2home/');
    expect(await hosts.guarded.exists('/srv/ops/pm2home')).toBe(false);
    expect(await root('pm2 logrotate -u alice')).toMatchObject({ status: 126 });
    expect(hosts.guarded.daemons()).toEqual([]);
  });
});

describeOnHost('options that say "as user X"', () => {
  const hosts = twins(CONFIG, { users: ['bob'] }, prepare);
  const line = `sudo pm2 start ${APP} --name shop-u --uid www-data --gid www-data`;

  it("plain: a daemon of root's runs the app as another user", async () => {
    await hosts.plain.must(line, { user: 'deploy' });
    expect(await hosts.plain.apps('/root/.pm2')).toMatchObject([{ name: 'shop-u', uid: 33 }]);
  });
  it('guarded: the owner is who is asked for, and the options are not needed', async () => {
    expect(await hosts.guarded.run(line, { user: 'deploy', cwd: '/srv' })).toMatchObject({ status: 0 });
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'shop-u', uid: 33, status: 'online' }]);
    expect(hosts.guarded.daemons().map(({ uid }) => uid)).toEqual([33]);
  });
  it.each([
    ['.json', 'user'],
    ['.config.js', 'uid'],
  ])('guarded: a process file (%s) that says so with %s, by root and by an operator', async (ending, key) => {
    const config = `{"apps": [{"name": "shop-${key}", "script": "${APP}", "${key}": "www-data"}]}`;
    await hosts.guarded.write(`/srv/eco${ending}`, ending === '.json' ? config : `module.exports = ${config};`);
    for (const user of ['root', 'deploy']) {
      expect(await hosts.guarded.run(`pm2 startOrReload /srv/eco${ending}`, { user, cwd: '/' })).toMatchObject({
        status: 0,
      });
      expect(await hosts.guarded.apps(WEB)).toContainEqual(
        expect.objectContaining({ name: `shop-${key}`, uid: 33, status: 'online' }),
      );
      await hosts.guarded.must(`pm2 delete shop-${key}`);
    }
  });
  it('guarded: another user is refused with the reason', async () => {
    const { status, stderr } = await hosts.guarded.run(`pm2 start ${APP} --name shop-v --uid alice`);
    expect({ status, code: /PG\d+/.exec(stderr)?.[0] }).toEqual({ status: 126, code: 'PG115' });
  });
});

describeOnHost('a process file is evaluated as a user only if it is no foreign code for that user', () => {
  const hosts = twins(CONFIG, { users: ['bob'] }, prepare);
  const file = (app: string) => `require('fs').writeFileSync('/tmp/ran-' + process.getuid() + '-' + Date.now(), '');
module.exports = { apps: [{ name: '${app}', script: '${APP}' }] };`;
  const ran = async () =>
    (await hosts.guarded.tree('/tmp'))
      .map(({ path }) => /ran-(\d+)/.exec(path)?.[1])
      .filter((uid) => uid !== undefined);
  const uid = (user: string) => String(hosts.guarded.account(user).uid);

  it("guarded: root's call on a user's file runs it as that user, and never as the default daemon's (S4)", async () => {
    await hosts.guarded.write('/home/bob/eco.config.js', file('bobapp'), { owner: 'bob' });
    await hosts.guarded.run('pm2 stop /home/bob/eco.config.js');
    expect(new Set(await ran())).toEqual(new Set([uid('bob')]));
    await hosts.guarded.must('rm -f /tmp/ran-*');
  });
  it('guarded: a file that others can change is evaluated for no verdict', async () => {
    await hosts.guarded.must('install -d -m 1777 /srv/open');
    await hosts.guarded.write('/srv/open/eco.config.js', file('bobapp'), { owner: 'bob' });
    await hosts.guarded.must('chmod 666 /srv/open/eco.config.js');
    await hosts.guarded.run('pm2 startOrReload /srv/open/eco.config.js');
    // The real pm2 of the default daemon reads it, as it reads every file that it is given.
    expect((await ran()).filter((one) => one !== '33')).toEqual([]);
    await hosts.guarded.must('rm -f /tmp/ran-*; pm2 kill', { user: 'www-data', env: { PM2_HOME: WEB } });
  });
  it('guarded: the sudo shim runs nothing as the person who types (S2)', async () => {
    await hosts.guarded.write('/srv/web/eco.config.js', file('myapp'), { owner: 'www-data' });
    await hosts.guarded.must('chown www-data: /srv/web');
    await hosts.guarded.run(`sudo -u www-data PM2_HOME=${WEB} pm2 stop /srv/web/eco.config.js`, {
      user: 'deploy',
      login: true,
    });
    expect((await ran()).filter((one) => one !== '33')).toEqual([]);
    await hosts.guarded.must('rm -f /tmp/ran-*');
  });
  it('guarded: a file in a closed home directory is started as its owner', async () => {
    await hosts.guarded.must('chmod 700 /home/bob');
    await hosts.guarded.write(
      '/home/bob/eco2.config.js',
      `module.exports = { apps: [{ name: 'bobapp', script: '/home/bob/app.js' }] };`,
      { owner: 'bob' },
    );
    await hosts.guarded.write('/home/bob/app.js', 'setInterval(() => {}, 1e6)', { owner: 'bob' });
    expect(await hosts.guarded.run('pm2 start /home/bob/eco2.config.js', { cwd: '/' })).toMatchObject({ status: 0 });
    expect(await hosts.guarded.apps('/home/bob/.pm2')).toMatchObject([{ name: 'bobapp', status: 'online' }]);
  });
});

describeOnHost('one npm prefix that belongs to a person', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['bob'] });
    await prepare(host);
    await host.must('chown -R deploy: /usr/lib/node_modules');
    // install says that root's pm2 is not root's, with status 1, and puts all in place.
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    const { status } = await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs install');
    expect(status).toBe(1);
    await host.must('pm2 ping', { user: 'www-data', env: { PM2_HOME: WEB } });
  });
  afterAll(() => host.dispose());

  it('a call that becomes another user needs no pm2 that root may run', async () => {
    const { status, stdout } = await host.run('sudo pm2 jlist', { user: 'deploy' });
    expect({ status, list: JSON.parse(stdout) as unknown }).toEqual({ status: 0, list: [] });
  });
  it('root itself does not run it, and is told what repairs it', async () => {
    const { status, stderr } = await host.run('sudo pm2 startup systemd -u www-data --hp /var/www', { user: 'deploy' });
    expect({ status, code: /PG\d+/.exec(stderr)?.[0] }).toEqual({ status: 126, code: 'PG113' });
    expect(stderr).toContain(
      'fix:      as root:  chown root: /usr/lib/node_modules && chown -R root: /usr/lib/node_modules/pm2 && ' +
        'pm2-guard install',
    );
  });
});

describeOnHost('notices', () => {
  let host: Host;
  const QUIET = `notices: none\n${CONFIG}`;
  beforeAll(async () => {
    host = await createHost({ users: ['bob'] });
    await prepare(host);
    await host.installGuard(CONFIG);
    await host.must(`pm2 start ${APP} --name myapp`, { user: 'www-data', env: { PM2_HOME: WEB }, cwd: '/' });
  });
  afterAll(() => host.dispose());

  it.each(['jlist', 'pid myapp', 'id myapp', 'prettylist'])(
    '%s is read by programs: no line without a terminal',
    async (line) => {
      expect(await host.run(`sudo pm2 ${line}`, { user: 'deploy' })).toMatchObject({ status: 0, stderr: '' });
    },
  );
  it.each(['restart myapp -s', 'restart myapp --silent', '-s restart myapp'])('%s asked for silence', async (line) => {
    expect(await host.run(`pm2 ${line}`)).toMatchObject({ status: 0, stderr: '' });
  });
  it('a terminal is told of jlist, too', async () => {
    expect((await host.tty('pm2 jlist').result()).stdout).toContain('pm2-guard: rewritten');
  });
  it('the config can say less', async () => {
    expect((await host.run('pm2 restart myapp')).stderr).toContain('pm2-guard: rewritten');
    await host.write('/etc/pm2-guard/config.yaml', QUIET.replace('none', 'terminal'));
    expect((await host.run('pm2 restart myapp')).stderr).toBe('');
    expect((await host.tty('pm2 restart myapp').result()).stdout).toContain('pm2-guard: rewritten');
    await host.write('/etc/pm2-guard/config.yaml', QUIET);
    expect((await host.tty('pm2 restart myapp').result()).stdout).not.toContain('pm2-guard');
  });
  it('a user without rights learns nothing of other daemons, but who to ask', async () => {
    await host.write('/etc/pm2-guard/config.yaml', `contact: "hosting team, #web"\n${CONFIG}`);
    for (const line of ['restart myapp', 'list', 'kill', 'start /srv/app.js', 'restart myapp backup']) {
      const { status, stdout, stderr } = await host.run(`pm2 ${line}`, { user: 'alice' });
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      expect(stderr).toContain('ask:      hosting team, #web');
      expect(stderr).not.toMatch(/www-data|\/var\/www|\/srv\/ops|config\.yaml/);
    }
    expect(await host.run('pm2 -v', { user: 'alice' })).toMatchObject({ status: 0, stdout: '7.0.4\n', stderr: '' });
  });
});
