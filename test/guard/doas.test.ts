import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { rewritten } from '../harness/said.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';
import { verified, wayOf } from '../verify/verification.ts';

const START = 'pm2 start server.js --name myapp';
/** The line of the config that names myapp. */
const MYAPP = 6;
const deploy = { user: 'deploy', cwd: SITE };
const RULE = `polkit.addRule(function (action, subject) {
  if (subject.user == 'deploy') return polkit.Result.YES;
});\n`;

describeOnHost('doas and run0', () => {
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost({ system: 'trixie' });
    await host.write('/etc/doas.conf', 'permit nopass keepenv deploy\n', { mode: '400' });
    await host.write('/etc/polkit-1/rules.d/10-deploy.rules', RULE);
  });
  afterAll(() => host.dispose());
  /** The variables of the apps, of what PM2 keeps for them, of the dump and of the daemon itself. */
  const environments = async () => {
    await host.must('pm2 save', { user: 'www-data', cwd: '/', env: { PM2_HOME: WEB } });
    const [daemon] = host.daemons().filter(({ home }) => home === WEB);
    return [
      ...(await host.apps(WEB)).map(({ env, pm2 }) => JSON.stringify([env, pm2])),
      await host.read(`${WEB}/dump.pm2`),
      await host.must(`tr '\\0' ' ' < /proc/${daemon?.pid ?? 0}/environ`),
    ];
  };
  const marked = async () => (await environments()).filter((text) => /DOAS_USER|SUDO_U(SER|ID)/.test(text));

  it("plain: the app ends in root's daemon, and carries who typed it (T01)", async () => {
    await host.must(`doas ${START}`, deploy);
    const [app] = await host.apps('/root/.pm2');
    expect([app?.name, app?.uid, app?.env['DOAS_USER']]).toEqual(['myapp', 0, 'deploy']);
    await host.must('pm2 kill; rm -rf /root/.pm2');
  });

  it("plain, run0: root's daemon answers", async () => {
    expect((await host.must('run0 --pipe pm2 jlist', deploy)).trim()).toMatch(/pm2_home=\/root\/\.pm2[^]*\[\]$/);
    await host.must('pm2 kill; rm -rf /root/.pm2');
  });

  it("guarded: it lands in its owner's daemon, and nothing of doas goes with it", async () => {
    await host.installGuard(CONFIG.replace('operators: [deploy]', 'operators: [deploy, alice]'));
    const env = { KEY_FILE: '/home/deploy/key.pem', APP_KEY: '/etc/key.pem' };
    const started = await host.run(`doas ${START}`, { ...deploy, env });
    expect([started.status, started.stderr]).toEqual([0, rewritten(START, MYAPP)]);
    expect((await environments()).filter((text) => text.includes('/home/deploy/key.pem'))).toEqual([]);
    expect((await environments()).filter((text) => text.includes('APP_KEY'))).not.toEqual([]);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33 }]);
    expect(await marked()).toEqual([]);
    const passed = await host.run('doas -u www-data pm2 restart myapp --update-env', deploy);
    expect([passed.status, passed.stderr]).toEqual([0, '']);
    expect(await marked()).toEqual([]);
    expect(await host.exists('/root/.pm2/rpc.sock')).toBe(false);
  });

  it('guarded: so does run0', async () => {
    const restarted = await host.run('run0 --pipe pm2 restart myapp --update-env', deploy);
    expect([restarted.status, restarted.stderr]).toEqual([0, rewritten('pm2 restart myapp --update-env', MYAPP)]);
    expect(await marked()).toEqual([]);
    const passed = await host.run('run0 --pipe -u www-data pm2 restart myapp --update-env', deploy);
    expect([passed.status, passed.stderr]).toEqual([0, '']);
    expect(await marked()).toEqual([]);
    expect(await host.exists('/root/.pm2/rpc.sock')).toBe(false);
  });

  it('guarded: explain answers for it, for run0 and for pkexec, and says who typed it', async () => {
    for (const program of ['doas', 'run0', 'pkexec']) {
      const { status, stdout } = await host.run(`pm2-guard explain --json -- ${program} pm2 restart myapp`, deploy);
      expect([program, status, JSON.parse(stdout)]).toEqual([
        program,
        0,
        expect.objectContaining({ verdict: 'rewrite', daemon: 'web', user: 'www-data' }),
      ]);
      expect((JSON.parse(stdout) as { caller: { user: string } }).caller.user).toBe('root');
    }
    const pass = await host.run('pm2-guard explain --json -- doas -u www-data pm2 list', deploy);
    expect(JSON.parse(pass.stdout)).toMatchObject({ verdict: 'pass', caller: { user: 'www-data' } });
  });

  it('verify goes both ways, as those who may, and says who may not', async () => {
    const found = await verified(host, '--user deploy alice');
    for (const program of ['doas', 'run0'])
      for (const way of [`${program} pm2`, `${program} -u www-data pm2`])
        expect(wayOf(found, way, 'deploy')).toMatchObject({ state: 'covered', answers: 'guard' });
    const refused = (why: string, program: string) =>
      `alice is not let in (${why}): ${program} pm2, ${program} -u www-data pm2`;
    expect(found.left).toContain(refused('Operation not permitted', 'doas'));
    expect(found.left).toContain(refused('Interactive authentication required.', 'run0'));
    expect(host.daemons().map(({ home }) => home)).toEqual([WEB]);
  });

  it('verify names a PATH that has the real pm2 first, and does not run that pm2', async () => {
    await host.write('/home/deploy/.profile', 'PATH=/usr/bin:/bin\n', { owner: 'deploy' });
    const found = await verified(host, '--user deploy');
    for (const program of ['doas', 'run0'])
      expect(wayOf(found, `${program} pm2`, 'deploy')).toMatchObject({
        state: 'gap',
        path: '/usr/bin/pm2',
        why: `${program} searches the PATH of deploy, which has /usr/bin first`,
      });
    expect(host.daemons().map(({ home }) => home)).toEqual([WEB]);
  });
});
