import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { joined } from '../regex.ts';
import { CONFIG, OPS, SITE, WEB } from '../traps/twins.ts';
import { examined, found, repair, startBackup, startSite, DOCTOR, finding } from './doctor.ts';

const config = '/etc/pm2-guard/config.yaml';

describeOnHost('whose daemon it is', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.write(config, CONFIG);
    await Promise.all([startSite(host), startBackup(host)]);
  });
  afterAll(() => host.dispose());

  it('has no findings if all daemons are as declared', async () => {
    expect(await found(host)).toEqual([]);
  });

  it("T12: the sockets were chowned, and the daemon is root's", async () => {
    await host.must('kill $(cat pm2.pid)', { cwd: OPS });
    await expect.poll(() => host.daemons().map(({ home }) => home)).toEqual([WEB]);
    // Root with the home of ops, as sudo -E and su -m leave it (T11); then what PM2 advises.
    await host.must('pm2 start /home/ops/backup.js', { env: { HOME: '/home/ops' } });
    expect(await host.run('pm2 list', { user: 'ops' })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('sudo chown') as string,
    });
    await host.must('chown ops: rpc.sock pub.sock', { cwd: OPS });
    await host.must('pm2 start /usr/bin/touch --interpreter none --no-autorestart -- /root/taken', { user: 'ops' });
    await expect.poll(() => host.exists('/root/taken')).toBe(true); // ops is root

    const { findings } = await examined(host);
    expect(findings[0]).toMatchObject({
      code: 'PD101',
      urgency: 'urgent',
      trap: 'T12',
      subject: { home: OPS },
      what: 'ops commands a daemon that runs as root',
    });
    expect(findings[0]?.evidence).toEqual([
      `${OPS}/rpc.sock belongs to ops`,
      expect.stringMatching(/^the daemon behind it, pid \d+, runs as root$/),
    ]);
    await repair(host, await finding(host, 'PD101'));
    expect(await found(host, /^PD1/)).toEqual([`PD102 ${OPS}`]);
    expect((await host.run('pm2 list', { user: 'ops' })).status).toBe(1);
  });

  it("T11: root's daemon is in the home of ops", async () => {
    const { pid } = host.daemons().find(({ home }) => home === OPS) ?? { pid: 0 };
    expect(await finding(host, 'PD102')).toMatchObject({
      urgency: 'urgent',
      trap: 'T11',
      what: 'a daemon of root runs in the PM2_HOME of ops',
      evidence: [
        `${OPS} is for the daemon of ops: ${config}:9 declares ops`,
        `the daemon there, pid ${pid}, runs as root`,
        'it runs backup, touch',
      ],
      repair: [['sudo', 'pm2-guard', 'adopt', '--from', OPS]],
    });
    // With nothing in it there is nothing to adopt.
    await host.must('pm2 delete all', { env: { PM2_HOME: OPS } });
    const empty = await finding(host, 'PD102');
    expect(empty.repair).toEqual([['sudo', 'kill', String(pid)]]);
    await repair(host, empty);
    await expect.poll(() => found(host, /PD102/)).toEqual([]);
    await host.must(`chown -R ops: ${OPS}`);
    await host.must('pm2 start backup.js && pm2 save', { user: 'ops' });
    expect(await found(host)).toEqual([]);
  });

  it('T11 without a config: the home directory says whose it is', async () => {
    await host.must(`mv ${config} /root/`);
    await host.must('pm2 list', { env: { HOME: '/home/alice' } });
    expect(await finding(host, 'PD102')).toMatchObject({
      evidence: [
        `/home/alice/.pm2 is for the daemon of alice: /home/alice is the home directory of alice`,
        expect.any(String),
        'it runs nothing',
      ],
    });
    const { stdout } = await host.run(DOCTOR);
    expect(stdout).toMatch(
      joined(
        /^There is no config .*\n.*there is no config\n/,
        /(?: .*\n)* {2}sudo pm2-guard init {2}would declare:\n/,
        / {4}ops: ops in \/home\/ops\/\.pm2, with backup\n/,
        / {4}web: www-data in \/var\/www\/\.pm2, with myapp\n/m,
      ),
    );
    await repair(host, await finding(host, 'PD102'));
    await host.must(`mv /root/config.yaml ${config}; rm -r /home/alice/.pm2`);
    await expect.poll(() => found(host)).toEqual([]);
  });

  it("T01: the app is root's, and the config says ops", async () => {
    await host.must('pm2 delete backup', { user: 'ops' });
    await host.must('sudo pm2 start /home/ops/backup.js && sudo pm2 start /home/ops/backup.js --name unheard-of', {
      user: 'deploy',
    });
    expect((await host.run('pm2 restart backup', { user: 'ops' })).stderr).toContain(
      'Process or Namespace backup not found',
    );
    const { findings, daemons } = await examined(host);
    const pids = daemons.find(({ user }) => user === 'root');
    expect(findings.filter(({ code }) => /PD1|PD201/.test(code))).toMatchObject([
      {
        code: 'PD105',
        urgency: 'wrong',
        trap: 'T01',
        what: 'no config declares the daemon of root in /root/.pm2',
        evidence: [
          `pid ${pids?.pid ?? ''}, runs backup, unheard-of`,
          'the config puts backup elsewhere',
          'the config names neither it nor unheard-of',
        ],
      },
      {
        code: 'PD201',
        urgency: 'wrong',
        trap: 'T01',
        what: 'backup lives in the wrong daemon: root in /root/.pm2',
        evidence: [
          `${config}:11 puts it into ops: user ops, PM2_HOME ${OPS}`,
          `root in /root/.pm2: online, pid ${pids?.apps[0]?.pid ?? ''}`,
        ],
        repair: [['sudo', 'pm2-guard', 'adopt', '--from', '/root/.pm2', '--', 'backup']],
      },
    ]);
    await host.must('pm2 delete all');
    await host.must('pm2 restart backup || pm2 start backup.js', { user: 'ops' });
  });

  it("T03: root's daemon is empty, and a daemon all the same", async () => {
    const empty = await finding(host, 'PD106');
    expect(empty).toMatchObject({
      urgency: 'untidy',
      what: 'a daemon of root that no config declares runs nothing',
      subject: { home: '/root/.pm2' },
    });
    await repair(host, empty);
    await expect.poll(() => found(host)).toEqual([]);
  });

  it("T02: the app is to be root's, and an admin restarted it as himself", async () => {
    await host.write(config, CONFIG.replace('user: ops', 'user: root'));
    await host.must('chmod 755 /home/ops'); // she can read the script there
    await host.must('pm2 restart backup || pm2 start /home/ops/backup.js', { user: 'alice' });
    expect((await examined(host)).findings.filter(({ subject }) => subject.home === '/home/alice/.pm2')).toMatchObject([
      { code: 'PD105', trap: 'T02', what: 'no config declares the daemon of alice in /home/alice/.pm2' },
      { code: 'PD201', trap: 'T02', what: 'backup lives in the wrong daemon: alice in /home/alice/.pm2' },
    ]);
  });

  it('an exempt user may have a daemon', async () => {
    await host.write(config, `${CONFIG}exempt: [alice]\n`);
    expect(await found(host, /PD1|PD20[12]/)).toEqual([]);
    await host.write(config, CONFIG);
    await host.must('pm2 kill', { user: 'alice' });
  });

  it('a daemon that is down, with apps that were saved', async () => {
    await host.must('pm2 kill', { user: 'www-data', env: { PM2_HOME: WEB } });
    const absent = await finding(host, 'PD115');
    expect(absent).toMatchObject({
      what: 'the daemon web does not run, and has apps',
      evidence: [`no process listens in ${WEB}`, 'its saved list holds myapp'],
    });
    await repair(host, absent);
    expect(await found(host)).toEqual([]);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online' }]);
    expect((await examined(host)).daemons).toMatchObject([{ name: 'ops' }, { name: 'web', apps: [{ cwd: SITE }] }]);
  });
});
