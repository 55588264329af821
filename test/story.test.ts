import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from './harness/describe.ts';
import { createHost, type Host } from './harness/host.ts';
import { rewritten } from './harness/said.ts';
import { appsIn, CONFIG, daemonsOn, foreignFiles, OPS, SITE, twins, WEB } from './traps/twins.ts';

// The story of a server whose web apps run as www-data: what deploy, who may sudo, types over the weeks.
const npmStart = `start npm --name myapp --cwd ${SITE} -- start`;
const asOwner = `sudo -u www-data PM2_HOME=${WEB} pm2`;
const deploy = { user: 'deploy' };
/** The line of the config that names myapp. */
const MYAPP = 6;
/** By the default: no rule says where it goes. */
const DEFAULT = null;

const opsDaemon = async (host: Host) => {
  await host.write('/home/ops/backup.js', 'setInterval(() => {}, 1000);', { owner: 'ops' });
  await host.must('pm2 start backup.js', { user: 'ops' });
};

/** Whatever in an environment is the caller's, sudo's or the guard's. */
function foreign(env: Record<string, string>): string[] {
  const ofOthers = (name: string, value: string) =>
    /^(SUDO_|PM2_GUARD|MAIL$)/.test(name) && value !== '/var/mail/www-data';
  return Object.entries(env)
    .filter(([name, value]) => ofOthers(name, value) || /\b(root|deploy)\b/.test(value))
    .map(([name, value]) => `${name}=${value}`);
}

for (const pm2 of ['7.0.4', '6.0.14', '5.4.3'] as const) {
  describeOnHost(`the story, PM2 ${pm2}`, () => {
    const hosts = twins(CONFIG, { pm2 }, opsDaemon);

    it("plain: myapp ends in root's daemon, and the restart as www-data says it does not exist", async () => {
      await hosts.plain.must(`sudo pm2 ${npmStart}`, deploy);
      const restart = await hosts.plain.run('sudo -u www-data pm2 restart myapp --update-env', { ...deploy, cwd: '/' });
      expect(restart.status).toBe(1);
      expect(restart.stderr).toContain('Process or Namespace myapp not found');
      expect(await hosts.plain.apps('/root/.pm2')).toMatchObject([{ name: 'myapp', uid: 0 }]);
      expect(daemonsOn(hosts.plain)).toEqual([`ops ${OPS}`, 'root /root/.pm2', `www-data ${WEB}`]);
    });

    it('guarded: a bare sudo starts it as www-data, saying so in one line', async () => {
      const started = await hosts.guarded.run(`sudo pm2 ${npmStart}`, deploy);
      expect(started).toMatchObject({ status: 0, stderr: rewritten(`pm2 ${npmStart}`, MYAPP) });
      const env = { HOME: '/var/www', USER: 'www-data' };
      expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online', env }]);
      const deleted = await hosts.guarded.run('sudo pm2 delete myapp', deploy);
      expect(deleted).toMatchObject({ status: 0, stderr: rewritten('pm2 delete myapp', MYAPP) });
      expect(await hosts.guarded.apps(WEB)).toEqual([]);
    });

    it('guarded: the right command passes as if there were no guard', async () => {
      expect(await hosts.guarded.run(`${asOwner} ${npmStart}`, deploy)).toMatchObject({ status: 0, stderr: '' });
      expect(await hosts.guarded.run(`${asOwner} save`, deploy)).toMatchObject({ status: 0, stderr: '' });
      expect(await hosts.guarded.run('sudo -u www-data pm2 restart myapp --update-env', deploy)).toMatchObject({
        status: 0,
        stderr: '',
      });
      expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, restarts: 1 }]);
    });

    it('guarded: every other way to type it lands there too', async () => {
      const restarted = await hosts.guarded.run('sudo pm2 restart myapp', deploy);
      expect(restarted).toMatchObject({ status: 0, stderr: rewritten('pm2 restart myapp', MYAPP) });
      const list = await hosts.guarded.run('sudo pm2 list', deploy);
      expect(list).toMatchObject({ status: 0, stderr: rewritten('pm2 list', DEFAULT) });
      expect(list.stdout).toContain('myapp');
      const saved = await hosts.guarded.run('sudo pm2 save', deploy);
      expect(saved).toMatchObject({ status: 0, stderr: rewritten('pm2 save', DEFAULT) });
      const logs = await hosts.guarded.run('sudo pm2 logs myapp --nostream', deploy);
      expect(logs.status).toBe(0);
      expect(logs.stdout).toContain(`${WEB}/logs/myapp-out.log`);
      // root, in a shell where he looked after ops' daemon
      const elsewhere = await hosts.guarded.run('pm2 restart myapp', { env: { PM2_HOME: OPS } });
      expect(elsewhere).toMatchObject({ status: 0, stderr: rewritten('pm2 restart myapp', MYAPP) });
      const [app, ...others] = await hosts.guarded.apps(WEB);
      expect({ name: app?.name, uid: app?.uid, others }).toEqual({ name: 'myapp', uid: 33, others: [] });
      // npm's child may hold the port a moment longer, and then PM2 itself restarts the app once more.
      expect(app?.restarts).toBeGreaterThanOrEqual(3);
    });

    it('guarded: the app gets what was meant for it, and nothing else', async () => {
      await hosts.guarded.must('sudo NODE_ENV=production pm2 restart myapp --update-env', deploy);
      const [app] = await hosts.guarded.apps(WEB);
      expect(app?.env).toMatchObject({ NODE_ENV: 'production', HOME: '/var/www', PM2_HOME: WEB });
      expect(foreign(app?.env ?? {})).toEqual([]);
      expect(foreign(hosts.guarded.daemons().find(({ home }) => home === WEB)?.env ?? {})).toEqual([]);
      expect(foreign((app?.pm2['env'] ?? {}) as Record<string, string>)).toEqual([]);
    });

    it("guarded: no daemon of root's, no file of root's", async () => {
      expect(daemonsOn(hosts.guarded)).toEqual([`ops ${OPS}`, `www-data ${WEB}`]);
      expect(await hosts.guarded.exists('/root/.pm2')).toBe(false);
      expect(await foreignFiles(hosts.guarded, WEB, 'www-data')).toEqual([]);
      expect(await appsIn(hosts.guarded, OPS)).toEqual(['backup']);
    });

    it('guarded: the directory that root happens to be in does not matter to a call that names its own', async () => {
      await hosts.guarded.must('pm2 delete myapp');
      const started = await hosts.guarded.run(`pm2 ${npmStart}`, { cwd: '/root' });
      expect(started).toMatchObject({ status: 0, stderr: rewritten(`pm2 ${npmStart}`, MYAPP) });
      expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online' }]);
    });
  });
}

describeOnHost('the story with a root daemon declared', () => {
  const hosts = twins(`${CONFIG}  system:\n    user: root\n    apps: [rootjob]\n`, {}, async (host) => {
    await host.write('/srv/rootjob.js', 'setInterval(() => {}, 1000);');
    await host.must('pm2 start /srv/rootjob.js', { cwd: '/' });
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
  });

  it("root's own pass to it", async () => {
    expect(await hosts.guarded.run('sudo pm2 restart rootjob', deploy)).toMatchObject({ status: 0, stderr: '' });
    const list = await hosts.guarded.run('sudo pm2 jlist', deploy);
    expect(list).toMatchObject({ status: 0, stderr: '' });
    expect((JSON.parse(list.stdout) as { name: string }[]).map(({ name }) => name)).toEqual(['rootjob']);
    expect(await hosts.guarded.apps('/root/.pm2')).toMatchObject([{ name: 'rootjob', uid: 0, restarts: 1 }]);
  });

  it("www-data's are rewritten as before", async () => {
    const restarted = await hosts.guarded.run('sudo pm2 restart myapp', deploy);
    expect(restarted).toMatchObject({ status: 0, stderr: rewritten('pm2 restart myapp', MYAPP) });
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, restarts: 1 }]);
  });

  it("an unknown app is not root's just because of sudo", async () => {
    await hosts.guarded.write('/srv/new/new.js', 'setInterval(() => {}, 1000);');
    const started = await hosts.guarded.run('sudo pm2 start new.js', { ...deploy, cwd: '/srv/new' });
    expect(started).toMatchObject({ status: 0, stderr: rewritten('pm2 start new.js', 'new') });
    expect(await appsIn(hosts.guarded, '/root/.pm2')).toEqual(['rootjob']);
    expect(await appsIn(hosts.guarded, WEB)).toEqual(['myapp', 'new']);
  });
});

describeOnHost('the story in mode: block', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await opsDaemon(host);
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
    await host.installGuard(`mode: block\n${CONFIG}`);
  });
  afterAll(() => host.dispose());

  /** What is typed, and the call that belongs to it, with the label under which it is shown. */
  const calls: [typed: string, label: 'run' | 'choose', right: string][] = [
    [`sudo pm2 ${npmStart}`, 'run', `pm2 ${npmStart}`],
    ['sudo pm2 restart myapp', 'run', 'pm2 restart myapp'],
    ['sudo pm2 list', 'run', 'pm2 list'],
    ['sudo pm2 save', 'run', 'pm2 save'],
    ['sudo pm2 logs myapp --nostream', 'run', 'pm2 logs myapp --nostream'],
    [`sudo PM2_HOME=${OPS} pm2 restart myapp`, 'run', 'pm2 restart myapp'],
    ['sudo pm2 delete myapp', 'choose', 'pm2 delete myapp'],
    ['sudo pm2 kill', 'choose', 'pm2 kill'],
  ];

  it.each(calls)('%s', async (typed, label, right) => {
    const before = { www: await host.tree('/var/www'), pids: host.daemons().map(({ pid }) => pid) };
    const { status, stdout, stderr } = await host.run(typed, deploy);
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    expect(stderr).toMatch(/^pm2-guard: blocked \(PG10\d\): nothing was (run|deleted|killed)\n/);
    const command = `sudo -u www-data PM2_HOME=${WEB} ${right}\n`;
    if (label === 'run') expect(stderr).toContain(`  run:      ${command}`);
    else
      expect(stderr).toMatch(
        new RegExp(`  choose:   if you mean daemon "web" - .* STOPS.* \\(1 app: myapp\\) +${command}`),
      );
    expect({ www: await host.tree('/var/www'), pids: host.daemons().map(({ pid }) => pid) }).toEqual(before);
    expect(await host.exists('/root/.pm2')).toBe(false);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', restarts: 0, status: 'online' }]);
  });

  it('sudo pm2 --version is answered, and spawns no daemon', async () => {
    expect(await host.run('sudo pm2 --version', deploy)).toMatchObject({ status: 0, stdout: '7.0.4\n', stderr: '' });
    expect(daemonsOn(host)).toEqual([`ops ${OPS}`, `www-data ${WEB}`]);
    expect(await host.exists('/root/.pm2')).toBe(false);
  });

  it('what it says can be typed', async () => {
    const { stderr } = await host.run('sudo pm2 restart myapp', deploy);
    const command = /run: +(.*)/.exec(stderr)?.[1] ?? 'false';
    expect(await host.run(command, deploy)).toMatchObject({ status: 0, stderr: '' });
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, restarts: 1 }]);
  });
});
