import { afterAll, beforeAll, expect, it } from 'vitest';
import { quoteCommand } from '../../src/terminal/shown.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS, SITE, WEB } from '../traps/twins.ts';
import { examined, found, IDLE, repair, startBackup, startSite, DOCTOR, finding } from './doctor.ts';

const config = '/etc/pm2-guard/config.yaml';

describeOnHost('apps', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await startSite(host);
    await startBackup(host);
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());
  const off = { PM2_GUARD: 'off' };
  /** Another port than the site's, because PM2 can restart an app that crashes while it is deleted. */
  const copy = { ...off, PORT: '3001' };

  it('T32: one app in two daemons; what is shown takes the copy away, through the guard', async () => {
    await host.must('pm2 start server.js --name myapp && pm2 save', { user: 'alice', cwd: SITE, env: copy });
    const [before] = await host.apps(WEB);
    const twice = await finding(host, 'PD202');
    expect(twice).toMatchObject({
      trap: 'T32',
      urgency: 'urgent',
      what: `myapp runs in two daemons: www-data in ${WEB}, and alice in /home/alice/.pm2`,
      subject: { home: '/home/alice/.pm2', app: 'myapp' },
      evidence: [
        `${config}:6 puts it into web: user www-data, PM2_HOME ${WEB}`,
        `www-data in ${WEB}: online, pid ${before?.pid ?? ''}`,
        expect.stringMatching(/^alice in \/home\/alice\/.pm2: /),
      ],
    });
    await repair(host, twice);
    expect(await host.apps('/home/alice/.pm2')).toEqual([]);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', pid: before?.pid }]);
    expect(await found(host)).toEqual(['PD106 /home/alice/.pm2']);
    await repair(host, await finding(host, 'PD106'));
    await expect.poll(() => found(host)).toEqual([]);
  });

  it.each([
    ["T01: root's", '/root/.pm2', 'PD201'],
    ["T11: root's, in the home of ops", OPS, 'PD102'],
  ])('%s: adopted, as it is shown', async (_, home, code) => {
    await host.must('pm2 delete backup; pm2 kill', { user: 'ops' });
    await host.must('pm2 start /home/ops/backup.js', { env: { ...off, PM2_HOME: home }, cwd: '/' });
    const terminal = host.tty(quoteCommand((await finding(host, code)).repair[0] ?? []), { user: 'deploy' });
    await terminal.seen(/\[y\/N\]/);
    terminal.type('y\n');
    expect((await terminal.result()).status).toBe(0);
    expect(await host.apps(OPS)).toMatchObject([{ name: 'backup', status: 'online', uid: host.account('ops').uid }]);
    if (home !== OPS) await repair(host, await finding(host, 'PD106'));
    await expect.poll(() => found(host)).toEqual([]);
  });

  it('T32: shows no command for the right app if no user may bypass the guard', async () => {
    await host.must('pm2 start server.js --name myapp', { user: 'alice', cwd: SITE, env: copy });
    await host.write(config, `bypass: root\n${CONFIG}`);
    expect((await finding(host, 'PD202')).repair).toEqual([]);
    await host.write(config, CONFIG);
  });

  it('T32 without a config: one name, one script, one directory', async () => {
    await host.must(`mv ${config} /root/ && rm /var/lib/pm2-guard/policy.json`);
    expect(await finding(host, 'PD202')).toMatchObject({
      subject: { app: 'myapp' },
      repair: [['sudo', 'pm2-guard', 'init', '--output', config]],
    });
    await host.must(`mv /root/config.yaml ${config}`);
    await host.must('pm2 delete myapp', { user: 'alice', env: off });
  });

  it('T35: one name in two daemons on purpose', async () => {
    await host.write('/home/alice/server.js', IDLE);
    await host.must('pm2 start server.js --name myapp && pm2 save', { user: 'alice', env: off, cwd: '/home/alice' });
    await host.write(config, `${CONFIG}  staging:\n    user: alice\n    apps: [myapp]\n`);
    expect(await found(host)).toEqual([]);
    await host.write(config, CONFIG);
    await host.must('pm2 delete all; pm2 kill', { user: 'alice', env: off });
  });

  it('T26: what runs was not saved, what was saved does not run', async () => {
    await host.must('pm2 start backup.js --name shop-new && pm2 delete backup', { user: 'ops', env: off });
    const lost = await finding(host, 'PD205');
    expect(lost).toMatchObject({
      trap: 'T26',
      what: 'backup is saved and not in the daemon: it would come back after a reboot',
      evidence: [`${OPS}/dump.pm2 holds backup`, 'the daemon there has shop-new'],
    });
    await repair(host, lost);
    expect(await found(host, /PD2/)).toEqual(['PD201 shop-new']); // a stray is not to be saved
    await host.must('pm2 restart backup --name ops-job && pm2 delete shop-new', { user: 'ops', env: off });
    const unsaved = await finding(host, 'PD204');
    expect(unsaved).toMatchObject({
      what: 'ops-job would not come back after a reboot',
      evidence: [`${OPS}/dump.pm2 holds backup`, 'the daemon there runs ops-job'],
      subject: { path: `${OPS}/dump.pm2` },
    });
    await repair(host, unsaved);
    expect(await found(host)).toEqual([]);
  });

  it('T14: root started it from a directory that the daemon may not enter, and pm2 calls it online', async () => {
    await host.must(`pm2 start ${SITE}/server.js --name shop-b`, { env: { ...off, PM2_HOME: WEB }, cwd: '/root' });
    expect(await host.apps(WEB)).toContainEqual(
      expect.objectContaining({ name: 'shop-b', status: 'online', uid: null }),
    );
    expect(await finding(host, 'PD207')).toMatchObject({
      what: 'pm2 list says that shop-b is online, and nothing runs',
      evidence: [
        `www-data in ${WEB}: it has no pid`,
        `its working directory is /root, its script ${SITE}/server.js`,
        `${WEB}/pm2.log tells why it could not be spawned`,
      ],
    });
    await host.must('pm2 delete shop-b', { env: { ...off, PM2_HOME: WEB } });
  });

  it('T38: the user that pm2 shows is who typed pm2 start', async () => {
    await host.must('pm2 start server.js --name shop-a && pm2 save', {
      env: { ...off, PM2_HOME: WEB, PORT: '3001' },
      cwd: SITE,
    });
    const { evidence, what } = await finding(host, 'PD206');
    const shop = (await host.apps(WEB)).find(({ name }) => name === 'shop-a');
    expect(what).toBe('pm2 list says that shop-a runs as root, and it runs as www-data');
    expect(evidence[0]).toBe(`pid ${shop?.pid ?? ''} has uid 33, says the kernel`);
    expect((await examined(host)).daemons.find(({ name }) => name === 'web')?.apps).toMatchObject([
      { name: 'myapp', user: 'www-data', username: 'www-data' },
      { name: 'shop-a', user: 'www-data', uid: 33, username: 'root' },
    ]);
    expect((await host.run(DOCTOR)).stdout).toMatch(/^ {2}- shop-a +www-data +pid \d+/m);
  });
});
