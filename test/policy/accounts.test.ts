import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = 'default: ops\ndaemons:\n  ops:\n    user: ops\n  web:\n    user: www-data\n    home: /var/www/.pm2\n';

describeOnHost('a compiled policy after /etc/passwd has changed, root away', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('pm2 ping', { user: 'ops' });
    // Says that the config is read anew.
    await host.must(
      'bundle=/usr/local/lib/pm2-guard/bin/../load-policy.cjs; echo \'require("fs").writeFileSync("/tmp/read", ' +
        '"");\' | cat - $bundle > /srv/new && cat /srv/new > $bundle',
    );
  });
  afterAll(() => host.dispose());
  const isRead = async () => {
    await host.must('rm -f /tmp/read');
    expect(await host.run('pm2 ping', { user: 'ops' })).toMatchObject({ status: 0, stderr: '' });
    return host.exists('/tmp/read');
  };

  it.each([
    'useradd zoe',
    'usermod -s /bin/sh alice',
    'userdel zoe',
    'useradd -M a0',
    'touch /etc/passwd',
    'groupadd zoo',
  ])('%s: it holds', async (change) => {
    await host.must(change);
    expect(await isRead()).toBe(false);
  });

  it.each([
    [
      'another home directory',
      'sed -i s#:/var/www:#:/srv/www:# /etc/passwd',
      'sed -i s#:/srv/www:#:/var/www:# /etc/passwd',
    ],
    ['another shell', 'usermod -s /bin/sh www-data', 'usermod -s /usr/sbin/nologin www-data'],
    ['another group', 'usermod -g daemon www-data', 'usermod -g www-data www-data'],
    ['another name of the group', 'groupmod -n webs www-data', 'groupmod -n www-data webs'],
    ['a line of the same name before', 'sed -i "1i www-data:x:1:1::/srv:/bin/sh" /etc/passwd', 'sed -i 1d /etc/passwd'],
  ])('%s of a user that the config names: the config is read again', async (_, change, back) => {
    await host.must(change);
    expect(await isRead()).toBe(true);
    await host.must(back);
    expect(await isRead()).toBe(false);
  });

  it('an account that is gone: it is read anew', async () => {
    await host.must('cp /etc/passwd /srv/passwd; sed -i /^www-data:/d /etc/passwd');
    await host.must('rm -f /tmp/read');
    expect((await host.run('pm2 ping', { user: 'ops' })).stderr).toContain('there is no user "www-data"');
    expect(await host.exists('/tmp/read')).toBe(true);
    await host.must('cat /srv/passwd > /etc/passwd');
  });

  it('an edit of the config: it is read anew, once', async () => {
    await host.must('touch /etc/pm2-guard/config.yaml; sleep 0.3');
    expect([await isRead(), await isRead()]).toEqual([true, false]);
  });
});
