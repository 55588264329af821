import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { foreignFiles, SITE, WEB } from '../traps/twins.ts';
import { codes, DOCTOR, finding, findings, repair } from './doctor.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = `daemons:
  web: { user: www-data, home: ${WEB}, apps: [myapp] }
  ops: { user: ops }
  alice: { user: alice }
  kim: { user: kim }
  lee: { user: lee }
`;
const job = 'setInterval(() => {}, 1e6);\n';

for (const pm2 of ['5.4.3', '7.0.4'] as const) {
  // 6 resolves its home as 5 does
  describeOnHost(`root in a user's home, PM2 ${pm2}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ pm2, users: ['kim', 'lee'] });
      await host.installGuard(CONFIG);
      await host.must('pm2-guard uninstall'); // plain PM2 from here on; the config stays
      await host.write('/srv/job.js', job);
    });
    afterAll(() => host.dispose());

    it("T13, T14: names each file that root's client left, by cause; after the repair the user can save", async () => {
      await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE, env: { PM2_HOME: WEB } });
      await host.must('pm2 save && pm2 start /srv/job.js --name job && pm2 save', {
        env: { PM2_HOME: WEB },
        cwd: '/srv',
      });
      expect(await foreignFiles(host, WEB, 'www-data')).toContain(`root ${WEB}/dump.pm2`);
      const found = await finding(host, 'PD303');
      expect(found).toMatchObject({
        urgency: 'wrong',
        trap: 'T13',
        evidence: [containing('dump.pm2'), 'dump.pm2: pm2 save, typed as root'],
        subject: { home: WEB },
      });
      // and puts an old list in its place
      expect((await host.run('pm2 save', { user: 'www-data', env: { PM2_HOME: WEB } })).stderr).toContain('EACCES');
      await repair(host, await finding(host, 'PD303'));
      expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
      await host.must('pm2 save', { user: 'www-data', env: { PM2_HOME: WEB } });
      expect(await codes(host)).not.toContain('PD303');
    });

    it('T14: the app that root started there has HOME=/root', async () => {
      const found = await finding(host, 'PD315');
      expect(found).toMatchObject({ trap: 'T14', evidence: ['job: HOME=/root'] });
      await repair(host, found);
      await expect
        .poll(async () => (await host.apps(WEB)).find(({ name }) => name === 'job')?.env['HOME'])
        .toBe('/var/www');
      expect(await codes(host)).not.toContain('PD315');
    });

    it('T11: a root daemon lives there: nothing is to be chowned; killed, its leftovers are', async () => {
      await host.must('pm2 start /srv/job.js --name stray', { env: { HOME: '/home/ops' } }); // sudo -E
      expect((await host.run('pm2 list', { user: 'ops' })).status).not.toBe(0);
      const living = (await findings(host)).filter(({ subject }) => subject.home === '/home/ops/.pm2');
      expect(living.map(({ code }) => code)).toContain('PD102');
      expect(
        living.filter(
          ({ code, repair, fix }) => code.startsWith('PD30') || fix !== null || repair.flat().includes('chown'),
        ),
      ).toEqual([]);
      const [daemon] = host.daemons().filter(({ home }) => home === '/home/ops/.pm2');
      await host.must(`kill -9 ${daemon?.pid ?? ''}`);
      await expect.poll(() => host.daemons().length).toBe(1);
      const dead = await finding(host, 'PD304');
      expect(dead).toMatchObject({ trap: 'T11', subject: { home: '/home/ops/.pm2' } });
      expect(await foreignFiles(host, '/home/ops/.pm2', 'ops')).not.toEqual([]);
      await repair(host, dead);
      expect(await foreignFiles(host, '/home/ops/.pm2', 'ops')).toEqual([]);
      await host.must('pm2 start /srv/job.js', { user: 'ops' });
      expect(host.daemons()).toHaveLength(2);
      expect(
        (await findings(host)).filter(({ code, subject }) => /^PD3/.test(code) && subject.home === '/home/ops/.pm2'),
      ).toEqual([]);
    });

    if (pm2 === '7.0.4')
      it('stale sockets and pid file of a killed daemon; another process may have its pid', async () => {
        await host.must('pm2 start /srv/job.js', { user: 'kim' });
        const home = '/home/kim/.pm2';
        const [daemon] = host.daemons().filter((one) => one.home === home);
        await host.write(`${home}/pm2.pid`, '1', { owner: 'kim' });
        expect(await finding(host, 'PD302')).toMatchObject({
          evidence: ['it says 1', `the daemon is pid ${daemon?.pid ?? ''}`],
        });
        await repair(host, await finding(host, 'PD302'));
        expect(await host.read(`${home}/pm2.pid`)).toBe(`${daemon?.pid ?? ''}\n`);
        expect(await codes(host)).not.toContain('PD302');
        await host.must(`kill -9 ${daemon?.pid ?? ''}`);
        await expect.poll(() => host.daemons().some((one) => one.home === home)).toBe(false);
        expect(await finding(host, 'PD301')).toMatchObject({
          subject: { home },
          evidence: [containing(`${home}/rpc.sock`), containing(`${home}/pub.sock`)],
        });
        expect(await finding(host, 'PD302')).toMatchObject({ evidence: [`there is no process ${daemon?.pid ?? ''}`] });
        await host.write(`${home}/pm2.pid`, '1', { owner: 'kim' });
        expect(await finding(host, 'PD302')).toMatchObject({ evidence: [containing('process 1 is: cat')] });
        await repair(host, await finding(host, 'PD301'));
        await repair(host, await finding(host, 'PD302'));
        expect((await host.tree(home)).filter(({ path }) => /\.sock$|pm2\.pid$/.test(path))).toEqual([]);
        expect((await codes(host)).filter((code) => /PD30[12]/.test(code))).toEqual([]);
      });

    it('T15: HOME unset', async () => {
      await host.must('pm2 start /srv/job.js --name nohome && pm2 save', { env: { HOME: undefined } });
      if (pm2 === '7.0.4') {
        expect(host.daemons().map(({ home }) => home)).toContain('/root/.pm2');
        expect((await codes(host)).filter((code) => /PD30[79]/.test(code))).toEqual([]);
        return;
      }
      expect(await finding(host, 'PD307')).toMatchObject({
        trap: 'T15',
        subject: { home: '/etc/.pm2' },
        evidence: [containing('the daemon of root'), 'it runs nohome'],
      });
      expect(await finding(host, 'PD309')).toMatchObject({ subject: { home: '/etc/.pm2' } });
      await host.must('pm2 kill', { env: { HOME: undefined } });
      expect(await finding(host, 'PD307')).toMatchObject({
        evidence: ['no daemon lives there', 'saved there: nohome'],
      });
      await repair(host, await finding(host, 'PD307'));
      expect((await codes(host)).filter((code) => /PD30[79]/.test(code))).toEqual([]);
      // A unit made by hand: systemd sets HOME only where there is a User=.
      await host.standInSystemctl();
      await host.write(
        '/etc/systemd/system/apps.service',
        '[Service]\nType=forking\nExecStart=/usr/bin/pm2 resurrect\n',
      );
      expect(await finding(host, 'PD309')).toMatchObject({
        trap: 'T15',
        evidence: ['/etc/systemd/system/apps.service has neither User=, nor HOME or PM2_HOME in Environment='],
        subject: { path: '/etc/systemd/system/apps.service' },
      });
      await repair(host, await finding(host, 'PD309'));
      expect(await host.read('/etc/systemd/system/apps.service.d/pm2-home.conf')).toBe(
        '[Service]\nEnvironment=PM2_HOME=/etc/.pm2\n',
      );
      expect(await codes(host)).not.toContain('PD309');
    });

    if (pm2 !== '7.0.4') return;

    it('T16: HOME=/', async () => {
      await host.must('pm2 start /srv/job.js --name lost && pm2 kill', { env: { HOME: '/' } });
      expect(await finding(host, 'PD308')).toMatchObject({
        trap: 'T16',
        subject: { home: '/.pm2' },
        evidence: ['no daemon lives there'],
      });
      await repair(host, await finding(host, 'PD308'));
      expect(await codes(host)).not.toContain('PD308');
    });

    it('T16: a declared home that cannot be made', async () => {
      await host.must('usermod -d /srv/nowhere lee');
      expect(await finding(host, 'PD308')).toMatchObject({
        subject: { home: '/srv/nowhere/.pm2' },
        evidence: ['the config declares it'],
      });
      expect((await host.run('pm2 list', { user: 'lee', cwd: '/' })).status).not.toBe(0);
      await repair(host, await finding(host, 'PD308'));
      await host.must('pm2 ping', { user: 'lee' });
      expect(await codes(host)).not.toContain('PD308');
    });

    it('T29: a saved list copied from another user', async () => {
      await host.must('pm2 start /srv/job.js --name copied && pm2 save && pm2 kill', { user: 'lee' });
      await host.must(
        'mkdir -p /home/alice/.pm2 && cp /srv/nowhere/.pm2/dump.pm2 /home/alice/.pm2/ && chown -R alice: ' +
          '/home/alice/.pm2',
      );
      expect(await finding(host, 'PD312')).toMatchObject({
        trap: 'T29',
        subject: { home: '/home/alice/.pm2' },
        evidence: [containing('copied'), containing('/srv/nowhere/.pm2')],
      });
      const { repair } = await finding(host, 'PD312');
      const guard = expect.stringMatching(/^(\/usr\/local\/bin\/)?pm2-guard$/) as string;
      expect(repair).toEqual([['sudo', guard, 'adopt', '--from', '/home/alice/.pm2', '--to', 'alice']]);
      await host.must(`${DOCTOR.replace(/doctor$/, 'adopt')} --from /home/alice/.pm2 --to alice --yes`);
      expect(await host.apps('/home/alice/.pm2')).toMatchObject([
        { name: 'copied', status: 'online', uid: host.account('alice').uid },
      ]);
      expect(await codes(host)).not.toContain('PD312');
      await host.must('pm2 kill', { user: 'alice' });
    });

    it('T30: secrets in a list that all users can read: prints their names, never a value', async () => {
      await host.must('chmod 755 /home/alice'); // as Debian 12 makes home directories
      await host.must('pm2 start /srv/job.js --name shop && pm2 save && pm2 save', {
        user: 'alice',
        env: { DB_PASSWORD: 'hunter2hunter2', SHOP_DB: 'postgres://shop:hunter2hunter2@db/shop', EMPTY_TOKEN: '' },
      });
      const found = await finding(host, 'PD310');
      expect(found).toMatchObject({
        urgency: 'urgent',
        trap: 'T30',
        evidence: [
          '/home/alice/.pm2/dump.pm2 has mode 0644',
          '  shop: DB_PASSWORD, SHOP_DB',
          '/home/alice/.pm2/dump.pm2.bak has mode 0644',
          '  shop: DB_PASSWORD, SHOP_DB',
        ],
      });
      expect((await host.run(`${DOCTOR} --json; ${DOCTOR}`)).stdout).not.toContain('hunter2');
      await host.must('chmod 700 /home/alice');
      expect(await codes(host)).not.toContain('PD310'); // no user can reach it
      await host.must('chmod 755 /home/alice');
      await repair(host, found);
      expect(await codes(host)).not.toContain('PD310');
      await host.must('pm2 save', { user: 'alice' });
      expect(
        (await host.tree('/home/alice/.pm2')).filter(({ path }) => path.includes('dump.pm2')).map(({ mode }) => mode),
      ).toEqual(['600', '600']);
    });

    it("T30: a home below a web root, by the server's own config or by custom", async () => {
      await host.must('pm2 ping', { user: 'alice', env: { PM2_HOME: '/home/alice/site/.pm2' } });
      expect(await codes(host)).not.toContain('PD311');
      await host.write('/etc/nginx/conf.d/site.conf', 'server {\n  # root /srv;\n  root "/home/alice/site";\n}\n');
      expect(await finding(host, 'PD311')).toMatchObject({
        urgency: 'urgent',
        subject: { home: '/home/alice/site/.pm2' },
        evidence: ['/home/alice/site is served, by /etc/nginx/conf.d/site.conf:3', containing('mode 0755')],
      });
      await repair(host, await finding(host, 'PD311'));
      expect(await codes(host)).not.toContain('PD311');
    });

    it('a PM2_HOME that others can replace, and one that only a sticky directory protects', async () => {
      await host.must('install -d -o lee -m 777 /srv/open');
      await host.must('pm2 ping', { user: 'lee', env: { PM2_HOME: '/srv/open/.pm2' } });
      expect(await finding(host, 'PD314')).toMatchObject({
        urgency: 'urgent',
        evidence: ['/srv/open is writable by all users (mode 0777)'],
      });
      await host.must('chmod +t /srv/open');
      expect(await codes(host)).not.toContain('PD314');
      await host.must('chmod 777 /srv/open');
      await repair(host, await finding(host, 'PD314'));
      expect(await codes(host)).not.toContain('PD314');
    });

    it("a list of a third user's", async () => {
      await host.must('chown kim /srv/nowhere/.pm2/dump.pm2');
      expect(await finding(host, 'PD306')).toMatchObject({
        urgency: 'urgent',
        evidence: [containing('dump.pm2 (uid')],
      });
      await repair(host, await finding(host, 'PD306'));
      expect(await codes(host)).not.toContain('PD306');
    });
  });
}
