import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { appsIn, CONFIG, daemonsOn, foreignFiles, OPS, SITE, twins, WEB } from './twins.ts';

const start = 'sudo pm2 start npm --name myapp --cwd /var/www/html/myapp/public_html -- start';
const asOwner = 'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2';

describeOnHost("T01: sudo pm2 start, later pm2 restart as the app's user", () => {
  const hosts = twins();
  const twoWeeks = async (host: Host) => {
    await host.must(start, { user: 'deploy' });
    // PM2 spawns its daemon in the directory of the call, which www-data must be able to enter.
    return host.run(`${asOwner} restart myapp`, { user: 'deploy', cwd: '/srv' });
  };

  it('plain: the site is up, and PM2 does not know it', async () => {
    const later = await twoWeeks(hosts.plain);
    expect(later.stderr).toContain('Process or Namespace myapp not found');
    expect(later.status).toBe(1);
    expect(daemonsOn(hosts.plain)).toEqual([`root /root/.pm2`, `www-data ${WEB}`]);
    expect(await hosts.plain.apps('/root/.pm2')).toMatchObject([{ name: 'myapp', uid: 0, status: 'online' }]);
  });

  it("guarded: it was the owner's from the start", async () => {
    expect(await twoWeeks(hosts.guarded)).toMatchObject({ status: 0 });
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online', restarts: 1 }]);
    expect(await foreignFiles(hosts.guarded, WEB, 'www-data')).toEqual([]);
    expect(await hosts.guarded.exists('/root/.pm2')).toBe(false);
  });
});

describeOnHost('T02: root is the owner, an admin restarts as himself', () => {
  const config = 'default: system\ndaemons:\n  system:\n    user: root\n    apps: [rootjob]\n    operators: [alice]\n';
  const hosts = twins(config, {}, async (host) => {
    await host.write('/srv/rootjob.js', 'setInterval(() => {}, 1000);');
    await host.must('pm2 start /srv/rootjob.js', { cwd: '/' });
  });
  const deploy = (host: Host) => host.run('pm2 restart rootjob || pm2 start /srv/rootjob.js', { user: 'alice' });

  it('plain: "deployed", beside the old code that is still served', async () => {
    expect((await deploy(hosts.plain)).status).toBe(0);
    expect(daemonsOn(hosts.plain)).toEqual(['alice /home/alice/.pm2', 'root /root/.pm2']);
    expect(await appsIn(hosts.plain, '/home/alice/.pm2')).toEqual(['rootjob']);
    expect(await hosts.plain.apps('/root/.pm2')).toMatchObject([{ restarts: 0 }]);
  });

  it('guarded: blocked, and the message says who can run the right command', async () => {
    const rights =
      'The config names alice as an operator. Where the rule for sudo is not installed, ' +
      'an administrator installs those of all operators with:  sudo pm2-guard sudoers --write';
    const { status, stdout, stderr } = await deploy(hosts.guarded);
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    const [first] = stderr.split('pm2-guard: blocked').slice(1);
    expect(first).toBe(` (PG101): nothing was run
  "pm2 restart rootjob" as alice would use alice's own PM2 daemon (PM2_HOME /home/alice/.pm2).
  rootjob belongs to daemon "system": user root, PM2_HOME /root/.pm2  (/etc/pm2-guard/config.yaml:5)
  sudo does not let alice run pm2 as root.
  ${rights}
  The rule (it lets alice run any code as root):  alice ALL=(root) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2
  ask:      an administrator of this host, to run:  sudo -u root PM2_HOME=/root/.pm2 pm2 restart rootjob
  details:  pm2-guard explain PG101
sudo: a password is required
`);
    expect(daemonsOn(hosts.guarded)).toEqual(['root /root/.pm2']);
    expect(await hosts.guarded.exists('/home/alice/.pm2')).toBe(false);
  });

  it('guarded: root himself is left alone', async () => {
    expect(await hosts.guarded.run('pm2 restart rootjob')).toMatchObject({ status: 0, stderr: '' });
    expect(await hosts.guarded.apps('/root/.pm2')).toMatchObject([{ name: 'rootjob', uid: 0, restarts: 1 }]);
  });
});

describeOnHost('T03: a web page shells out, exec("pm2 jlist") as www-data', () => {
  const config = CONFIG.replace('default: web', 'default: ops').replace(/ {2}web:[^]*?(?= {2}ops:)/, '');
  const hosts = twins(config, {}, async (host) => {
    await host.write('/home/ops/backup.js', 'setInterval(() => {}, 1000);', { owner: 'ops' });
    await host.must('pm2 start backup.js', { user: 'ops' });
  });
  const page = (host: Host) => host.exec(['/bin/sh', '-c', 'pm2 jlist'], { user: 'www-data', cwd: SITE });

  it('plain: an empty list and a new, empty daemon', async () => {
    const { stdout, status } = await page(hosts.plain);
    expect(status).toBe(0);
    expect(stdout.trim()).toMatch(/\[\]$/); // below PM2's welcome banner
    expect(daemonsOn(hosts.plain)).toEqual([`ops ${OPS}`, `www-data ${WEB}`]);
  });

  it('guarded: not an answer but a refusal, and no daemon', async () => {
    const { stdout, stderr, status } = await page(hosts.guarded);
    expect({ stdout, status }).toEqual({ stdout: '', status: 126 });
    expect(stderr).toContain('blocked (PG101): nothing was run\n  "pm2 jlist" is not for www-data to run.\n');
    expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`]);
    expect(await hosts.guarded.tree(WEB)).toHaveLength(1);
  });
});

describeOnHost("T05: root's cron job heals", () => {
  const hosts = twins(CONFIG, {}, (host) =>
    host.must(`pm2 start server.js --name myapp`, { user: 'www-data', cwd: SITE }),
  );
  // As cron runs a line of Debian's /etc/crontab, which sets this PATH.
  const cron = {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin',
      SHELL: '/bin/sh',
      USER: undefined,
      LANG: undefined,
    },
  };
  const heal = (host: Host) => host.must(`pm2 restart myapp || pm2 start ${SITE}/server.js --name myapp`, cron);

  it('plain: a duplicate, as root', async () => {
    await heal(hosts.plain);
    expect(daemonsOn(hosts.plain)).toEqual(['root /root/.pm2', `www-data ${WEB}`]);
    expect(await appsIn(hosts.plain, '/root/.pm2')).toEqual(['myapp']);
    expect(await hosts.plain.apps(WEB)).toMatchObject([{ restarts: 0 }]);
  });

  it('guarded: the app itself is restarted', async () => {
    await heal(hosts.guarded);
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', restarts: 1, uid: 33 }]);
  });
});
