import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }
  shop: { user: shop, home: /srv/shop/pm2, apps: [cart] }
  till: { user: till, home: /srv/till, apps: [bell] }
  vault: { user: vault, home: /srv/closed/vault, apps: [coin] }
  ready: { user: ready, home: /srv/open/ready/.pm2, apps: [page] }
`;

describeOnHost('a PM2_HOME that its user cannot make', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['shop', 'till', 'vault', 'ready'] });
    await host.must(
      'install -d /srv/till && install -d -m 700 /srv/closed && install -d -o ready /srv/open && ' +
        `echo 'setInterval(() => {}, 1000)' > /srv/app.js`,
    );
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('plain PM2: stack traces', async () => {
    const call = 'PM2_GUARD=off sudo -u shop PM2_GUARD=off PM2_HOME=/srv/shop/pm2 pm2 start /srv/app.js --name cart';
    const { status, stdout, stderr } = await host.run(call, { timeoutMs: 60_000 });
    expect(status).not.toBe(0);
    expect(stdout + stderr).toContain("EACCES: permission denied, mkdir '/srv/shop");
  });

  it.each(['root', 'deploy'])('is named in a block of a call of %s, with what makes it', async (user) => {
    const { status, stdout, stderr } = await host.run('pm2 start /srv/app.js --name cart', { user, cwd: '/' });
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    expect(stderr).toContain(
      'pm2-guard: blocked (PG118): nothing was run\n' +
        '  "pm2 start /srv/app.js --name cart" would run as shop in daemon "shop". shop cannot make its PM2_HOME ' +
        '/srv/shop/pm2: /srv belongs to root.\n',
    );
    expect(stderr).toContain(
      '  fix:      sudo install -d -m 0755 /srv/shop && sudo install -d -o shop -g shop -m 0755 /srv/shop/pm2\n',
    );
  });

  it('is there after the line that is shown', async () => {
    const said = await host.run('pm2 list', { user: 'shop' });
    const [, line = ''] = /^ {2}fix: +(.*)$/m.exec(said.stderr) ?? [];
    await host.must(line, { user: 'deploy' });
    expect(await host.run('pm2 start /srv/app.js --name cart', { cwd: '/' })).toMatchObject({ status: 0 });
    expect(await host.apps('/srv/shop/pm2')).toMatchObject([{ name: 'cart', status: 'online' }]);
  });

  it('is told from one that is there, and closed', async () => {
    const closed = await host.run('pm2 start /srv/app.js --name bell', { cwd: '/' });
    expect(closed.status).toBe(126);
    expect(closed.stderr).toContain('till cannot write in its PM2_HOME /srv/till');
    const inside = await host.run('pm2 start /srv/app.js --name coin', { cwd: '/' });
    expect(inside.status).toBe(126);
    expect(inside.stderr).toContain(
      'vault cannot make its PM2_HOME /srv/closed/vault: /srv/closed is closed (mode 0700).',
    );
    for (const { stderr } of [closed, inside])
      expect(stderr).toContain('fix:      see what stands there:  sudo pm2-guard doctor');
  });

  it('stops nothing where the user can make it, several directories deep', async () => {
    expect(await host.run('pm2 start /srv/app.js --name page', { cwd: '/' })).toMatchObject({ status: 0 });
    expect(await host.apps('/srv/open/ready/.pm2')).toMatchObject([{ name: 'page', status: 'online' }]);
  });
});
