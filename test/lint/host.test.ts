import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';

interface Found {
  file: string;
  line: number;
  code: string;
  severity: string;
}

describeOnHost('lint --host', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.write('/etc/cron.d/heal', '* * * * * root pm2 restart myapp\n');
    await host.must('mkdir -p /etc/cron.daily /etc/logrotate.d /home/ops/bin /home/ops/.ssh /home/ops/app.git/hooks');
    await host.write('/etc/cron.daily/trim', '#!/bin/sh\npm2 restart shop-a\n', { mode: '755' });
    await host.write('/etc/logrotate.d/app', '/x {\n  postrotate\n    pm2 reload myapp\n  endscript\n}\n');
    await host.write('/etc/systemd/system/app.service', '[Service]\nExecStart=/usr/bin/pm2 start x.js --name myapp\n');
    await host.must('mkdir -p /usr/lib/systemd/system /etc/systemd/system/dropped.service.d');
    await host.write('/usr/lib/systemd/system/dropped.service', '[Service]\nExecStart=/usr/bin/pm2 start myapp\n');
    await host.write('/etc/systemd/system/dropped.service.d/user.conf', '[Service]\nUser=www-data\n');
    await host.write('/usr/local/bin/deploy', '#!/bin/sh\nsudo pm2 restart backup\n', { mode: '755' });
    await host.write('/home/ops/bin/again', '#!/bin/sh\nsudo pm2 restart backup\n', { owner: 'ops', mode: '755' });
    await host.write('/home/ops/.ssh/authorized_keys', 'command="pm2 restart myapp" ssh-rsa A x\n', { owner: 'ops' });
    await host.write('/home/ops/app.git/hooks/post-receive', '#!/bin/sh\nsudo pm2 reload backup\n', { owner: 'ops' });
    await host.must('mkdir -p /var/www/html && chown www-data: /var/www/html');
    await host.write('/var/www/html/up.sh', 'sudo pm2 restart shop-a\n', { owner: 'www-data' });
  });
  afterAll(() => host.dispose());

  const found = async (user = 'root'): Promise<string[]> => {
    const { stdout, stderr, status } = await host.run('pm2-guard lint --host --json --severity wrong', { user });
    if (status !== 0 && status !== 1 && status !== 2) throw new Error(`exit ${status ?? '?'}\n${stdout}${stderr}`);
    const { findings } = JSON.parse(stdout) as { findings: Found[] };
    return findings.map(({ file, line, code }) => `${file}:${line} ${code}`).sort();
  };

  it('finds what cron, units, logrotate, scripts, hooks and forced commands would do', async () => {
    expect(await found()).toEqual([
      '/etc/cron.d/heal:1 PL001',
      '/etc/cron.daily/trim:2 PL001',
      '/etc/logrotate.d/app:3 PL001',
      '/etc/systemd/system/app.service:2 PL001',
      '/home/ops/.ssh/authorized_keys:1 PL001',
      '/home/ops/app.git/hooks/post-receive:2 PL001',
      '/home/ops/bin/again:2 PL001',
      '/usr/local/bin/deploy:2 PL001',
      '/var/www/html/up.sh:1 PL001',
    ]);
  });

  it('reads nothing through links that a user laid out', async () => {
    await host.write('/root/secret.sh', 'sudo pm2 restart backup # secret\n', { mode: '600' });
    await host.must('ln -s /root/secret.sh /home/ops/link.sh; ln -s / /home/ops/all');
    await host.must('mkfifo /home/ops/pipe.sh; chown -h ops /home/ops/*');
    const { stdout } = await host.run('pm2-guard lint --host', { timeoutMs: 20_000 });
    expect(stdout).not.toContain('/home/ops/link.sh');
    expect(stdout).not.toContain('/home/ops/all');
    // Root's own file is read as root's.
    expect(stdout).toContain('/root/secret.sh');
  });

  it('without root it sees what its caller may read', async () => {
    expect(await found('ops')).not.toContain('/root/secret.sh:1 PL001');
    expect(await found('ops')).toContain('/home/ops/bin/again:2 PL001');
  });

  it('a directory that its caller may not read is not called clean', async () => {
    await host.must('install -d -o ops /srv/ops && install -d -m 700 /srv/ops/closed');
    const said = await host.run('pm2-guard lint /srv/ops', { user: 'ops' });
    expect(said).toMatchObject({ status: 2, stderr: '' });
    expect(said.stdout).toContain('not read: /srv/ops/closed: may not be read\n');
  });
});
