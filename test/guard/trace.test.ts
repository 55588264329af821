import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `default: web
daemons:
  web: {user: www-data, home: /var/www/.pm2, apps: [myapp]}
`;

describeOnHost('PM2_GUARD_DEBUG=1', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('prints one line for each stage, and leaves what programs read as it is', async () => {
    await host.must('pm2 start /srv/www/app.js --name myapp || pm2 start /bin/sleep --name myapp -- 1000', {
      cwd: '/',
    });
    const { status, stdout, stderr } = await host.run('PM2_GUARD_DEBUG=1 pm2 jlist', { cwd: '/' });
    expect(status).toBe(0);
    expect(stderr.match(/^pm2-guard: debug: (\w+)/gm)?.map((line) => line.split(' ').pop())).toEqual([
      'policy',
      'pm2',
      'caller',
      'invocation',
      'evidence',
      'verdict',
    ]);
    expect(stderr).toContain('pm2-guard: debug: verdict    rewrite (PG101), daemon web\n');
    const [app] = JSON.parse(stdout) as { name: string }[];
    expect(app).toMatchObject({ name: 'myapp' });
  });

  it('names the line of the config that decided', async () => {
    const { stderr } = await host.run('PM2_GUARD_DEBUG=1 pm2 describe myapp', { cwd: '/' });
    expect(stderr).toContain(
      'pm2-guard: debug: verdict    rewrite (PG101), daemon web, by /etc/pm2-guard/config.yaml:3\n',
    );
  });

  it('does not reach the app', async () => {
    await host.must('PM2_GUARD_DEBUG=1 pm2 restart myapp --update-env', { cwd: '/' });
    expect(await host.must('pm2 env 0', { cwd: '/' })).not.toContain('PM2_GUARD');
  });
});
