import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { DOCTOR, findings } from './doctor.ts';

const CONFIG = `\
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }
  ops: { user: ops, apps: [backup] }
  alice: { user: alice, apps: [hers] }
  jobs: { user: ops, home: /srv/closed/jobs/.pm2 }
  own: { user: root, apps: [rootjob] }
`;
const user = { user: 'alice' };
const IDLE = 'setInterval(() => {}, 1e6);';

/** As Debian 13 and Ubuntu make them (HOME_MODE), and /root everywhere. */
describeOnHost('closed home directories', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('install -d -o ops -m 700 /srv/closed /srv/closed/jobs /srv/closed/jobs/.pm2');
    for (const name of ['ops', 'alice']) {
      await host.write(`/home/${name}/job.js`, IDLE, { owner: name });
      await host.must(`pm2 start job.js --name ${name === 'ops' ? 'myapp' : 'hers'} && pm2 save`, {
        user: name,
        env: { PM2_GUARD: 'off' },
      });
    }
    await host.must('PM2_GUARD=off pm2 ping');
    await host.must('chmod 700 /root /home/ops /home/alice; chmod 750 /home/deploy');
  });
  afterAll(() => host.dispose());

  it("doctor without root reports the caller's daemons, and says that it could not see the others", async () => {
    for (const options of ['', ' --json', ' --prometheus']) {
      const { status, stderr } = await host.run(DOCTOR + options, user);
      expect([options, status]).toEqual([options, expect.toSatisfy((code: number) => code <= 2)]);
      expect(stderr).not.toContain('this is a bug');
    }
    expect((await host.run(DOCTOR, user)).stderr).toMatch(/^pm2-guard: not seen: /m);
    const about = (await findings(host, user)).map(({ code, subject }) => `${code} ${subject.home ?? ''}`);
    expect(about.filter((line) => /\/(root|home\/ops|srv\/closed)/.test(line))).toEqual([]);
  });

  it.each([
    'status',
    'check',
    'log',
    'init --output -',
    'init --output /root/config.yaml',
    'explain -- pm2 list',
    'explain -- pm2 start /home/ops/job.js',
    'verify',
    'adopt --from /home/ops/.pm2 --dry-run',
    'adopt --from /root/.pm2/dump.pm2 --dry-run',
    'adopt --resume',
    'lint /root /home/ops',
    'doctor --port 3000',
    'doctor --app myapp',
    'doctor --fix --dry-run',
  ])('pm2-guard %s is no bug for a user without root', async (words) => {
    const { status, stderr } = await host.run(`pm2-guard ${words}`, { ...user, timeoutMs: 120_000 });
    expect([stderr, status]).toEqual([expect.not.stringContaining('this is a bug'), expect.not.toBeOneOf([70, null])]);
  });

  it.each(['ops', 'root'])(
    "root starts a process file of %s's in the home directory of a daemon's user",
    async (owner) => {
      const apps = 'apps:\n  - name: backup\n    script: job.js\n';
      await host.write('/home/ops/backup/p.yaml', apps, { owner });
      await host.write('/home/ops/backup/job.js', IDLE, { owner: 'ops' });
      await host.must('chown ops: /home/ops/backup');
      const { status, stderr } = await host.run('pm2 start p.yaml', { cwd: '/home/ops/backup' });
      expect([status, stderr]).toEqual([0, expect.stringContaining('runs as ops in daemon "ops"')]);
      await host.must('pm2 delete backup', { user: 'ops' });
    },
  );

  it('operators reach a daemon that is down from their own closed home directory', async () => {
    await host.must(
      'printf "deploy ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2\\n" > /etc/sudoers.d/deploy',
    );
    const { status, stderr } = await host.run('pm2 restart myapp', { user: 'deploy' });
    // PM2's own: nothing runs in a new daemon.
    expect([status, stderr]).toEqual([1, expect.stringContaining('Process or Namespace myapp not found')]);
    expect(stderr).not.toContain('EACCES');
    expect(host.daemons().find(({ home }) => home === '/var/www/.pm2')?.cwd).toBe('/var/www');
  });

  it('adopt without root says that only root can tell, and what to type', async () => {
    for (const dry of ['', ' --dry-run']) {
      const named = await host.run(`pm2-guard adopt${dry} myapp`, user);
      expect(named).toMatchObject({ status: 2 });
      expect(named.stdout).toContain('myapp: no such app in what this user can see');
      expect(named.stdout).toContain(`only root can tell`);
      expect(named.stdout).toContain(`run:      sudo pm2-guard adopt${dry} -- myapp\n`);
      const all = await host.run(`pm2-guard adopt --all-strays${dry}`, user);
      expect(all).toMatchObject({ status: 2 });
      expect(all.stdout).toContain(`run:      sudo pm2-guard adopt --all-strays${dry}\n`);
    }
    const told = await host.run('pm2-guard adopt --all-strays --dry-run --json', user);
    expect([told.status, JSON.parse(told.stdout)]).toEqual([
      2,
      expect.objectContaining({ complete: false, moves: [] }),
    ]);
    const root = await host.run('pm2-guard adopt --all-strays --dry-run --json');
    expect(JSON.parse(root.stdout)).toMatchObject({ complete: true, moves: [{ apps: [{ name: 'myapp' }] }] });
  });
});
