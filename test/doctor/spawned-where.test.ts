import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS, SITE, WEB } from '../traps/twins.ts';
import { examined, found, repair, startBackup, startSite, finding } from './doctor.ts';

/** Codes about the environment that a daemon was started with. */
const KEPT = /PD10[89]|PD11/;

describeOnHost('the environment that a daemon was started with', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must('install -d -o ops /home/ops/.agent /srv/other');
    await startSite(host);
    await startBackup(host);
    await host.must('pm2 kill', { user: 'ops' });
  });
  afterAll(() => host.dispose());

  /** A daemon of ops, spawned in this environment; ended afterwards by `end`. */
  const spawned = (env: Record<string, string | undefined>) =>
    host.must('pm2 resurrect; pm2 list', { user: 'ops', env, cwd: '/home/ops' });
  const end = async (home: string) => {
    await host.must(`kill ${host.daemons().find((daemon) => daemon.home === home)?.pid ?? ''}`);
    await expect.poll(() => host.daemons().map((daemon) => daemon.home)).toEqual([WEB]);
  };

  it('T39: the variables of a CI job', async () => {
    await spawned({ RUNNER_TRACKING_ID: 'github_77', BUILD_ID: 'dontKillMe', JENKINS_NODE_COOKIE: 'c00kie' });
    const leash = await finding(host, 'PD108');
    expect(leash).toMatchObject({
      trap: 'T39',
      what: `the daemon of ops in ${OPS} was spawned in a CI job, and may end with it`,
    });
    expect(leash.evidence[0]).toMatch(/^pid \d+ has RUNNER_TRACKING_ID, JENKINS_NODE_COOKIE in its environment$/);
    await repair(host, leash);
    expect(await found(host, KEPT)).toEqual([]);
    expect(await host.apps(OPS)).toMatchObject([{ name: 'backup', status: 'online' }]);
    await end(OPS);
  });

  it('T21: a dump that is written where no boot looks', async () => {
    await spawned({ PM2_DUMP_FILE_PATH: '/srv/other/dump.pm2', PM2_PID_FILE_PATH: `${OPS}/pm2.pid` });
    const moved = await finding(host, 'PD109');
    expect(moved).toMatchObject({ trap: 'T21', subject: { home: OPS } });
    expect(moved.evidence.slice(1)).toEqual(['PM2_DUMP_FILE_PATH=/srv/other/dump.pm2', `its PM2_HOME would be ${OPS}`]);
    await repair(host, moved);
    expect(await found(host, KEPT)).toEqual([]);
    await end(OPS);
  });

  it.each([
    [
      'PM2_DAEMON_RPC_PORT, PM2_DAEMON_PUB_PORT',
      { PM2_DAEMON_RPC_PORT: '/srv/other/rpc.sock', PM2_DAEMON_PUB_PORT: '/srv/other/pub.sock' },
      '/srv/other',
    ],
    ['OVER_HOME', { OVER_HOME: '/srv/other', PM2_HOME: OPS }, '/srv/other'],
  ])('T21: %s', async (_, env, home) => {
    await host.must('pm2 list', { user: 'ops', env });
    const moved = await finding(host, 'PD109');
    expect(moved).toMatchObject({
      trap: 'T21',
      subject: { home },
      what: `variables keep parts of the daemon of ops in ${home} elsewhere`,
    });
    expect(moved.evidence.slice(1)).toEqual([
      ...Object.entries(env)
        .filter(([name]) => name !== 'PM2_HOME')
        .map(([name, value]) => `${name}=${value}`),
      `its PM2_HOME would be ${OPS}`,
    ]);
    expect(await found(host, /PD106/)).toEqual([`PD106 ${home}`]);
    await repair(host, moved);
    await expect.poll(() => found(host)).toEqual(['PD115 /home/ops/.pm2']);
  });

  it("T19, T20: a HOME that is not the user's", async () => {
    await host.must('pm2 start /home/ops/backup.js', { user: 'ops', env: { HOME: '/home/ops/.agent' } });
    expect((await examined(host)).findings.filter(({ subject }) => subject.home?.includes('.agent'))).toMatchObject([
      { code: 'PD105', what: 'no config declares the daemon of ops in /home/ops/.agent/.pm2' },
      {
        code: 'PD110',
        trap: 'T20',
        urgency: 'wrong',
        what: "the daemon of ops in /home/ops/.agent/.pm2 has a HOME that is not its user's",
        evidence: [
          expect.stringMatching(/^pid \d+ has HOME=\/home\/ops\/\.agent$/),
          'the home directory of ops is /home/ops',
        ],
      },
      { code: 'PD201', subject: { app: 'backup' } },
    ]);
    await end('/home/ops/.agent/.pm2');
    // The home is right, and only HOME is not.
    await spawned({ HOME: '/home/ops/.agent', PM2_HOME: OPS });
    const wrong = await finding(host, 'PD110');
    expect(wrong).toMatchObject({ urgency: 'untidy', subject: { home: OPS } });
    await repair(host, wrong);
    expect(await found(host, KEPT)).toEqual([]);
    await end(OPS);
  });

  it('T36: the group of the socket has members', async () => {
    // deploy is an operator, and may have it
    await host.must('usermod -aG www-data alice && usermod -aG www-data deploy');
    expect(await host.run(`PM2_HOME=${WEB} pm2 jlist`, { user: 'alice' })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('"name":"myapp"') as string,
    });
    const open = await finding(host, 'PD114');
    expect(open).toMatchObject({
      trap: 'T36',
      urgency: 'wrong',
      what: `alice may command the daemon of www-data in ${WEB}`,
      evidence: [`${WEB}/rpc.sock has mode 0775, owner www-data, group www-data`, 'members of www-data: alice, deploy'],
    });
    await repair(host, open);
    expect(await found(host, KEPT)).toEqual(['PD115 /home/ops/.pm2']);
    expect((await host.run(`PM2_HOME=${WEB} pm2 jlist`, { user: 'alice' })).status).toBe(1);
    await host.must(`chmod 755 ${WEB} && chmod o+w ${WEB}/rpc.sock`);
    expect(await finding(host, 'PD114')).toMatchObject({
      urgency: 'urgent',
      what: `every user may command the daemon of www-data in ${WEB}`,
    });
    await repair(host, await finding(host, 'PD114'));
    await host.must(`chmod o-w ${WEB}/rpc.sock`);
  });
});

for (const [pm2, home, trap] of [
  ['6.0.14', '/etc/.pm2', 'T15'],
  ['7.0.4', '/.pm2', 'T16'],
] as const) {
  describeOnHost(`${trap}: a daemon in ${home}, PM2 ${pm2}`, () => {
    it('is seen without a config', async () => {
      await using host = await createHost({ pm2 });
      await host.must('pm2 start server.js', { cwd: SITE, env: { HOME: trap === 'T15' ? undefined : '/' } });
      expect(await finding(host, 'PD110')).toMatchObject({
        trap,
        urgency: 'wrong',
        subject: { home },
        evidence: [
          expect.stringMatching(trap === 'T15' ? /has no HOME$/ : /has HOME=\/$/),
          'the home directory of root is /root',
        ],
      });
    });
  });
}
