import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const BOB = '  bob: { user: bob }\n';
const WEB = '  web: { user: www-data, home: /var/www/.pm2, apps: [shop] }\n';

describeOnHost("a PM2_HOME that its user replaces with a link to another user's", () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['bob'] });
    await host.installGuard(`default: web\ndaemons:\n${BOB}${WEB}`);
    await host.must('install -d /root/.pm2; mkdir -p /srv/pay && echo > /srv/pay/pay.js');
    await host.must('chmod 755 /home/bob; ln -s /root/.pm2 /home/bob/.pm2; chown -h bob: /home/bob/.pm2');
  });
  afterAll(() => host.dispose());

  const explained = async (commandLine: string) => {
    const { stdout } = await host.run(`pm2-guard explain --json -- ${commandLine}`, { cwd: '/' });
    const { verdict, daemon, user, caller } = JSON.parse(stdout) as Record<string, unknown>;
    return { verdict, daemon, user, pm2Home: (caller as { home: string }).home };
  };

  it.each(['start /srv/pay/pay.js', 'list', 'jlist'])('does not draw pm2 %s of root to that user', async (words) => {
    const { user, pm2Home } = await explained(`pm2 ${words}`);
    expect({ user, pm2Home }).toEqual({ user: 'www-data', pm2Home: '/root/.pm2' });
  });

  it.each(['kill', 'restart all', 'save'])("does not draw pm2 %s of root to that user", async (words) => {
    const { user, pm2Home } = await explained(`pm2 ${words}`);
    expect(user).not.toBe('bob');
    expect(pm2Home).toBe('/root/.pm2');
  });

  it.each(['/root/.pm2', '/root/.pm2/rpc.sock'])("is not shown as that user's living daemon: %s", async (target) => {
    await host.must('/usr/bin/pm2 ping', { cwd: '/' });
    const place = target.endsWith('.sock') ? '.pm2/rpc.sock' : '.pm2';
    await host.must(`rm -rf .pm2; mkdir -p ${place}; rmdir ${place}; ln -s ${target} ${place}`, { user: 'bob' });
    const { stdout } = await host.run('pm2-guard status --json', { cwd: '/' });
    const { daemons } = JSON.parse(stdout) as { daemons: { name: string; socket: string }[] };
    expect(daemons.map(({ name, socket }) => `${name} ${socket}`).sort()).toEqual(['bob foreign', 'web down']);
    await host.must('rm -rf .pm2; ln -s /root/.pm2 .pm2', { user: 'bob' });
    expect((await host.run('pm2-guard status', { cwd: '/' })).stdout).toContain(
      "bob: bob in /home/bob/.pm2  (another user's socket)\n",
    );
    await host.must('PM2_GUARD=off /usr/bin/pm2 kill', { cwd: '/' });
  });

  it('leads to its own daemon where the directory is its own', async () => {
    await host.must('rm .pm2; mkdir pm2; ln -s pm2 .pm2', { user: 'bob' });
    const { daemon, pm2Home } = await explained('PM2_HOME=/home/bob/pm2 pm2 list');
    expect({ daemon, pm2Home }).toEqual({ daemon: 'bob', pm2Home: '/home/bob/.pm2' });
  });

  it.each(['/var/www/.pm2', '/root/.pm2'])('does not make the config unusable: %s', async (target) => {
    await host.must(`rm -rf .pm2 pm2; ln -s ${target} .pm2`, { user: 'bob' });
    await host.write('/srv/config.yaml', `daemons:\n${BOB}${WEB}  ops: { user: root, apps: [backup] }\n`);
    const { status, stdout, stderr } = await host.run('pm2-guard check /srv/config.yaml');
    expect(stdout + stderr).toContain(`/srv/config.yaml:${target === '/root/.pm2' ? 4 : 3}: `);
    expect(stdout + stderr).toContain('has the same PM2_HOME as bob');
    expect(status).toBe(0);
  });
});
