import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { adopt, adopted, reset, ROOT, running, savedIn } from '../adopt/scene.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { joined } from '../regex.ts';
import { CONFIG, daemonsOn, foreignFiles, OPS, SITE, WEB } from './twins.ts';

// The guard keeps people out of these traps; here they are in one already, as on the day it is installed.
const pm2 = '/usr/bin/pm2';
const config = CONFIG.replace('  ops:', '  admin:\n    user: root\n    apps: [nightly]\n  ops:');

describeOnHost('adopt ends the trap', () => {
  let host: Host;
  let web = 33;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(config);
    web = host.account('www-data').uid;
  });
  beforeEach(() => reset(host));
  afterAll(() => host.dispose());

  const site = (options = '') => `${pm2} start ${SITE}/server.js --name myapp --cwd ${SITE} ${options}`;
  /** As `pm2 startup` leaves it (templates/init-scripts/systemd.tpl), enabled. */
  const unit = async (user: string, home: string) => {
    await host.write(
      `/etc/systemd/system/pm2-${user}.service`,
      `[Service]\nType=forking\nUser=${user}\nEnvironment=PM2_HOME=${home}\nExecStart=${pm2} ` +
        `resurrect\n[Install]\nWantedBy=multi-user.target\n`,
    );
    await host.must(
      `mkdir -p /etc/systemd/system/multi-user.target.wants; ln -s ../pm2-${user}.service ` +
        '/etc/systemd/system/multi-user.target.wants/',
    );
  };
  /**
   * It runs once, as its user, in its home and its list; the environment has nothing of the old user; the guard
   * reaches it.
   */
  const isHome = async (old: string) => {
    expect(await running(host, WEB)).toEqual([`myapp ${web} online`]);
    expect(await savedIn(host, WEB)).toEqual(['myapp']);
    expect(await running(host, old)).toEqual([]);
    expect((await savedIn(host, old)) ?? []).toEqual([]);
    expect(
      host.processes().filter(({ command }) => command.includes('server.js') && !command.includes('npm')),
    ).toMatchObject([{ uid: web }]);
    const env = (await host.apps(WEB))[0]?.env ?? {};
    expect(env).toMatchObject({
      NODE_ENV: 'production',
      HOME: '/var/www',
      USER: 'www-data',
      LOGNAME: 'www-data',
      PM2_HOME: WEB,
    });
    expect(
      Object.entries(env).filter(
        ([name, value]) => /^(SUDO_|PM2_GUARD|XDG_)/.test(name) || /root|deploy|alice/.test(value),
      ),
    ).toEqual([]);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    expect(await host.run('pm2 restart myapp', { user: 'www-data' })).toMatchObject({ status: 0, stderr: '' });
    const { stderr } = await host.run('sudo pm2 restart myapp', { user: 'deploy' });
    expect(stderr).toBe(rewritten('pm2 restart myapp', 6));
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', restarts: 2, uid: web }]);
  };

  it("T01 T23: sudo pm2 start, and root's own unit", async () => {
    await unit('root', ROOT);
    await host.must(`sudo NODE_ENV=production ${site()} && sudo ${pm2} save`, { user: 'deploy' });
    expect((await host.run(`${pm2} restart myapp`, { user: 'www-data' })).stderr).toContain(
      'Process or Namespace myapp not found',
    );
    const said = await adopted(host, 'myapp');
    expect(said).toMatch(/^myapp: moved to web \(www-data in \/var\/www\/\.pm2\), stopped for \d+\.\d s$/m);
    expect(said).toContain(
      'pm2-root.service still brings its daemon up at boot, and has nothing left to start\n  run:      sudo ' +
        'systemctl disable pm2-root.service',
    );
    expect(said).toContain(
      'nothing brings the daemon of web up at boot\n  run:      sudo pm2 startup systemd -u www-data --hp /var/www',
    );
    await isHome(ROOT);
  });

  it("T02: the inverse: an admin started a copy of root's app, and it cannot run", async () => {
    await host.write('/srv/nightly.js', 'require("fs").readFileSync("/etc/shadow"); setInterval(() => {}, 1000);');
    await host.must(`${pm2} start /srv/nightly.js && ${pm2} save`);
    await host.must(`${pm2} start /srv/nightly.js`, { user: 'alice' });
    const before = (await host.apps(ROOT))[0]?.pid;
    // One that has not been up for its min_uptime may have been in the other's way, and is started again.
    await expect
      .poll(async () => Date.now() - Number((await host.apps(ROOT))[0]?.pm2['pm_uptime']))
      .toBeGreaterThan(1500);
    expect(await adopted(host, 'nightly')).toContain('admin has nightly already: that copy stays, this one is removed');
    expect(await running(host, '/home/alice/.pm2')).toEqual([]);
    expect(await host.apps(ROOT)).toMatchObject([{ name: 'nightly', pid: before, status: 'online' }]);
    expect(await savedIn(host, ROOT)).toEqual(['nightly']);
  });

  it('T02: root never starts what another user has put into a daemon', async () => {
    await host.must(`${pm2} start /bin/sh --name nightly --interpreter none -- -c "id -u > /srv/owned; sleep 1000"`, {
      user: 'alice',
    });
    const { status, stdout } = await adopt(host, 'nightly --yes');
    expect(status).toBe(1);
    expect(stdout).toContain('BLOCKED BY  root would run what alice has put into /home/alice/.pm2');
    expect(daemonsOn(host)).toEqual(['alice /home/alice/.pm2']);
  });

  it("T11: a daemon of root's in the user's own home", async () => {
    await host.must(`sudo PM2_HOME=${WEB} NODE_ENV=production ${site()} && sudo PM2_HOME=${WEB} ${pm2} save`, {
      user: 'deploy',
    });
    expect(daemonsOn(host)).toEqual([`root ${WEB}`]);
    expect((await host.run(`${pm2} restart myapp`, { user: 'www-data' })).stderr).toMatch(/EACCES|Permission denied/);
    const said = await adopted(host, 'myapp');
    expect(said).toMatch(/note {6}\d+ files in \/var\/www\/\.pm2 belong to root: the move gives them to www-data/);
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
    await isHome('/nowhere');
  });

  it("T12: PM2's own advice was followed, and www-data commands a daemon of root's", async () => {
    await host.must(
      `PM2_HOME=${WEB} NODE_ENV=production ${site()} && PM2_HOME=${WEB} ${pm2} start ${SITE}/server.js --name ` +
        `shop-idle --cwd ${SITE} && PM2_HOME=${WEB} ${pm2} stop shop-idle && chown www-data: ${WEB}/*.sock`,
    );
    expect(await host.must(`${pm2} jlist`, { user: 'www-data' })).toContain('"name":"myapp"');
    await adopted(host, 'myapp');
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
    expect(await running(host, WEB)).toEqual([`myapp ${web} online`, 'shop-idle - stopped']);
    expect(await savedIn(host, WEB)).toEqual(['myapp', 'shop-idle']);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
  });

  it('T12: a link or a second name that the user laid out is not given away', async () => {
    await host.must(`PM2_HOME=${WEB} ${site()}`);
    await host.must(
      `ln -s /etc/shadow ${WEB}/logs/a.log; echo secret > /srv/kept; chmod 600 /srv/kept; mv /srv/kept ` +
        `${WEB}/logs/b.log; touch /var/www/.npm/c; ln /var/www/.npm/c ${WEB}/logs/c.log 2>/dev/null || true`,
    );
    const refused = await adopt(host, 'myapp --yes');
    expect(refused).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        joined(
          /BLOCKED BY {2}\/var\/www\/\.pm2\/logs is root's, and it is not given to www-data: /,
          /it holds [bc]\.log: .*\n {2}fix: {6}sudo -u www-data mv -n \S+\/logs \S+\/logs\.of-root\n/,
        ),
      ) as string,
    });
    await host.must(`rm ${WEB}/logs/b.log ${WEB}/logs/c.log; chown root: ${WEB}/logs`);
    await adopted(host, 'myapp');
    expect((await host.tree('/etc/shadow'))[0]?.owner).toBe('root');
  });

  it("T13: leftovers of root's in the home that it goes to", async () => {
    await host.must(
      `PM2_HOME=${WEB} ${pm2} ping && PM2_HOME=${WEB} ${pm2} save --force && PM2_HOME=${WEB} ${pm2} kill && ` +
        `NODE_ENV=production ${site()}`,
    );
    expect(await foreignFiles(host, WEB, 'www-data')).not.toEqual([]);
    await adopted(host, 'myapp');
    await isHome(ROOT);
  });

  it('T20: a private home of the right user', async () => {
    await host.must('install -d -o ops /home/ops/.agent');
    await host.write('/home/ops/backup.js', 'setInterval(() => {}, 1000);', { owner: 'ops' });
    await host.must(`${pm2} start backup.js && ${pm2} save`, {
      user: 'ops',
      env: { HOME: '/home/ops/.agent' },
      cwd: '/home/ops',
    });
    await adopted(host, 'backup');
    expect(await host.apps(OPS)).toMatchObject([
      { name: 'backup', status: 'online', env: { HOME: '/home/ops', PM2_HOME: OPS } },
    ]);
    expect(await savedIn(host, '/home/ops/.agent/.pm2')).toEqual([]);
  });

  it('T24: an old list, with a unit that would start it again', async () => {
    await host.must(`${site()} && ${pm2} save && ${pm2} kill`, { user: 'ops' });
    await unit('ops', OPS);
    await host.must(`NODE_ENV=production ${site()}`);
    const said = await adopted(host, 'myapp --disable-unit');
    expect(said).toContain(`note      it is also removed from the saved list in ${OPS}`);
    expect(said).toContain('pm2-ops.service is disabled: it has nothing left to start');
    expect(await host.exists('/etc/systemd/system/multi-user.target.wants/pm2-ops.service')).toBe(false);
    expect(await savedIn(host, OPS)).toEqual([]);
    // Likewise where the app is home already.
    await host.must(`cp ${OPS}/dump.pm2.bak ${OPS}/dump.pm2`, { user: 'ops' });
    const pid = (await host.apps(WEB))[0]?.pid;
    expect(await adopted(host, 'myapp')).toMatch(/^myapp: is in the right daemon already: web[^]*\nmyapp: from ops/);
    expect(await savedIn(host, OPS)).toEqual([]);
    expect(await host.apps(WEB)).toMatchObject([{ pid }]);
    await isHome(ROOT);
  });

  it('T29: a list that was copied from another user brings nothing back', async () => {
    await host.must(
      `NODE_ENV=production ${site()} && ${pm2} save && ${pm2} kill && install -o www-data ${ROOT}/dump.pm2 ` +
        `${WEB}/dump.pm2 && rm -r ${ROOT}`,
    );
    await host.must(`${pm2} resurrect`, { user: 'www-data' });
    expect(await running(host, WEB)).toEqual([]);
    await adopted(host, `--from ${WEB}`);
    await isHome(ROOT);
  });

  it("T04 T31: a job's user has a copy: what was killed comes back, and the list is empty", async () => {
    await host.must(`NODE_ENV=production ${site()}`, {
      user: 'alice',
      env: { BUILD_ID: '7', JENKINS_NODE_COOKIE: 'alice-7' },
    });
    const [ghost] = await host.apps('/home/alice/.pm2');
    await host.must(`kill -9 ${ghost?.pid ?? 0}`);
    await expect.poll(() => running(host, '/home/alice/.pm2')).toEqual([`myapp ${host.account('alice').uid} online`]);
    await adopted(host, 'myapp --from alice');
    await isHome('/home/alice/.pm2');
  });

  it('T32: the app in two daemons, one of them in a loop of EADDRINUSE', async () => {
    await host.must(`${site()} && ${pm2} save`);
    await host.must(`NODE_ENV=production ${site()} && ${pm2} save`, { user: 'www-data' });
    await expect.poll(async () => (await host.apps(WEB))[0]?.restarts ?? 0).toBeGreaterThan(2);
    await adopted(host, 'myapp');
    expect(await running(host, WEB)).toEqual([`myapp ${web} online`]);
    expect(await running(host, ROOT)).toEqual([]);
    expect(await savedIn(host, ROOT)).toEqual([]);
    expect(await host.run('wget -qO- http://127.0.0.1:3000/ || curl -s http://127.0.0.1:3000/')).toMatchObject({
      stdout: `myapp of uid ${web}\n`,
    });
  });

  it('T33: two daemons in one home, and the first cannot be asked', async () => {
    await host.must(`NODE_ENV=production ${site('--no-pmx -- --flag one')} && ${pm2} save`, { user: 'www-data' });
    await host.must(
      `find ${WEB} -mindepth 1 -delete; ${pm2} start ${SITE}/server.js --name shop-new --cwd ${SITE} && ${pm2} save`,
      { user: 'www-data', env: { PORT: '3001' } },
    );
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`, `www-data ${WEB}`]);
    expect(await running(host, WEB)).toEqual([`shop-new ${web} online`]);
    await adopted(host, 'myapp');
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
    expect(await running(host, WEB)).toEqual([`myapp ${web} online`, `shop-new ${web} online`]);
    expect(await savedIn(host, WEB)).toEqual(['myapp', 'shop-new']);
    expect((await host.apps(WEB)).find(({ name }) => name === 'myapp')?.pm2).toMatchObject({
      args: ['--flag', 'one'],
      NODE_ENV: 'production',
    });
  });
});
