import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { CONFIG, daemonsOn, SITE, twins, WEB } from './twins.ts';

describeOnHost('T25: pm2 startup -u without --hp', () => {
  const hosts = twins(CONFIG);
  const startup = (host: Host) => host.run('sudo pm2 startup systemd -u www-data', { user: 'deploy' });
  const unit = '/etc/systemd/system/pm2-www-data.service';

  it("plain: www-data is to work in root's home", async () => {
    expect(await startup(hosts.plain)).toMatchObject({ status: 0 });
    const text = await hosts.plain.read(unit);
    expect(text).toContain('User=www-data\n');
    expect(text).toContain('Environment=PM2_HOME=/root/.pm2\n');
  });

  it('guarded: www-data works in its own', async () => {
    expect(await startup(hosts.guarded)).toMatchObject({ status: 0 });
    const text = await hosts.guarded.read(unit);
    expect(text).toContain('User=www-data\n');
    expect(text).toContain(`Environment=PM2_HOME=${WEB}\n`);
    expect(text).toContain(`PIDFile=${WEB}/pm2.pid\n`);
    expect(await hosts.guarded.exists(unit.replace('system/pm2', 'system/multi-user.target.wants/pm2'))).toBe(true);
    expect(daemonsOn(hosts.guarded)).toEqual([]);
  });
});

describeOnHost('T39: a daemon spawned in a CI job', () => {
  const hosts = twins();
  // GitHub's runner and Jenkins' agent, running as root in a container or on a build host, mark what a job starts ...
  const env = { RUNNER_TRACKING_ID: 'github_6f1c', JENKINS_NODE_COOKIE: 'b0c2', BUILD_ID: '17', CI_COMMIT: 'c0ffee' };
  const job = async (host: Host) => {
    await host.must('pm2 start server.js --name myapp', { env, cwd: SITE });
    // ... and end all that bears their mark when it is over.
    await host.must(
      'for pid in $(grep -lsaz "^RUNNER_TRACKING_ID=github_6f1c" /proc/[0-9]*/environ | cut -d/ -f3); do kill -9 ' +
        '"$pid"; done',
    );
  };

  it('plain: a green job, and the app is gone', async () => {
    await job(hosts.plain);
    // what is killed is gone a moment later
    await expect.poll(() => daemonsOn(hosts.plain), { timeout: 5000 }).toEqual([]);
  });

  it('guarded: the daemon bears no mark, and stays', async () => {
    await job(hosts.guarded);
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([
      { name: 'myapp', status: 'online', uid: 33, restarts: 0, env: { CI_COMMIT: 'c0ffee' } },
    ]);
    const marks = Object.keys(hosts.guarded.daemons()[0]?.env ?? {}).filter(
      (name) => name in env && name !== 'CI_COMMIT',
    );
    expect(marks).toEqual([]);
  });
});
