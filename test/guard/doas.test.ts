import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { rewritten } from '../harness/said.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';

const START = 'pm2 start server.js --name myapp';
/** The line of the config that names myapp. */
const MYAPP = 6;
const deploy = { user: 'deploy', cwd: SITE };

describeOnHost('doas', () => {
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost();
    await host.write('/etc/doas.conf', 'permit nopass keepenv deploy\n', { mode: '400' });
  });
  afterAll(() => host.dispose());
  const environments = async () =>
    (await host.apps(WEB)).map(({ env, pm2 }) => ({ ...env, ...(pm2['env'] as object) }));

  it("plain: the app ends in root's daemon, and carries who typed it (T01)", async () => {
    await host.must(`doas ${START}`, deploy);
    const [app] = await host.apps('/root/.pm2');
    expect([app?.name, app?.uid, app?.env['DOAS_USER']]).toEqual(['myapp', 0, 'deploy']);
    await host.must('pm2 kill; rm -rf /root/.pm2');
  });

  it("guarded: it lands in its owner's daemon, and nothing of doas goes with it", async () => {
    await host.installGuard(CONFIG);
    const started = await host.run(`doas ${START}`, deploy);
    expect([started.status, started.stderr]).toEqual([0, rewritten(START, MYAPP)]);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33 }]);
    expect((await environments()).filter((env) => 'DOAS_USER' in env)).toEqual([]);
    const passed = await host.run('doas -u www-data pm2 restart myapp --update-env', deploy);
    expect([passed.status, passed.stderr]).toEqual([0, '']);
    expect((await environments()).filter((env) => 'DOAS_USER' in env)).toEqual([]);
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
});
