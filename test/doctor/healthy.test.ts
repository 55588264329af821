import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS, SITE, WEB } from '../traps/twins.ts';
import { DOCTOR, findings } from './doctor.ts';

describeOnHost('a healthy host', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('pm2-guard sudoers --write');
    await host.must('mkdir -p /etc/nginx/sites-enabled');
    await host.write('/etc/nginx/sites-enabled/default', 'server {\n  root /var/www/html;\n}\n');
    await host.must('pm2 start server.js --name myapp && pm2 save', {
      user: 'www-data',
      cwd: SITE,
      env: { PM2_HOME: WEB },
    });
    await host.must('echo "setInterval(() => {}, 1e6)" > backup.js && pm2 start backup.js && pm2 save', {
      user: 'ops',
    });
    for (const [user, home] of [
      ['www-data', '/var/www'],
      ['ops', '/home/ops'],
    ])
      await host.must(`PM2_GUARD=off pm2 startup systemd -u ${user} --hp ${home}`);
    await host.write(
      '/etc/cron.d/logrotate',
      '# pm2 is not called here\n7 3 * * * www-data test -e /var/www/.pm2/logs\n',
    );
  });
  afterAll(() => host.dispose());

  it('has units that are enabled, saved lists, and two daemons', async () => {
    expect(await host.exists('/etc/systemd/system/multi-user.target.wants/pm2-ops.service')).toBe(true);
    expect(await host.exists(`${OPS}/dump.pm2`)).toBe(true);
    expect(host.daemons()).toHaveLength(2);
  });

  it('yields no finding', async () => {
    expect(await findings(host)).toEqual([]);
    expect(await host.run(DOCTOR)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/\n\nhealthy: 2 daemons, 2 apps, and nothing is wrong\n$/) as string,
    });
  });

  it('yields none for one of its users either', async () => {
    expect(await findings(host, { user: 'ops' })).toEqual([]);
    expect(await host.run(DOCTOR, { user: 'ops' })).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(
        /\n\nnothing found on 2 daemons, 1 app, but not everything could be looked at\n$/,
      ) as string,
    });
  });
});
