import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { CONFIG, runsInUnit, SITE, UNIT, WEB, withoutDaemons } from './scene.ts';

const roots = (words: string) => `PM2_GUARD=off PM2_HOME=${WEB} pm2 ${words}`;

describeOnHost('adopt of what runs in a unit', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost();
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  /** T11, T25: root's daemon in the PM2_HOME of www-data, by a unit of root's. */
  const rootsUnit = async () => {
    await withoutDaemons(host);
    await host.must(
      `${roots(`start ${SITE}/server.js --name myapp --cwd ${SITE}`)} && ${roots('save')} && ${roots('kill')}`,
    );
    await host.must('PM2_GUARD=off pm2 startup systemd -u root --hp /var/www && systemctl start pm2-root');
    await host.must('pm2 startup systemd -u www-data --hp /var/www');
    await expect.poll(() => host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 0, status: 'online' }]);
    expect(await host.cgroup(host.daemons()[0]?.pid ?? 0)).toBe('/system.slice/pm2-root.service');
  };

  for (const round of [1, 2, 3])
    it(`ends root's daemon by its unit, and brings the app up in its own (round ${round}; 3 is sealed)`, async () => {
      await rootsUnit();
      if (round === 3) await host.must('pm2-guard seal');
      const { status, stdout, stderr } = await host.run(`pm2-guard adopt --from ${WEB} --yes`, { timeoutMs: 120_000 });
      expect(`${stdout}${stderr}exit ${status ?? '?'}`).toMatch(/moved to web .*exit 0$/s);
      await runsInUnit(host, ['myapp']);
      expect(await host.unit('pm2-root')).toMatchObject({ ActiveState: 'inactive', UnitFileState: 'disabled' });
      await host.must('sleep 2');
      await runsInUnit(host, ['myapp']);
    });

  it('the app is home after a reboot', async () => {
    await host.reboot();
    await runsInUnit(host, ['myapp'], UNIT);
  });
});
