import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { appsIn, CONFIG, daemonsOn, foreignFiles, SITE, twins, WEB } from './twins.ts';

const startSite = (host: Host) => host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });

describeOnHost('T26: pm2 save as the wrong user', () => {
  const hosts = twins(CONFIG, {}, startSite);
  const save = (host: Host, options = '') => host.run(`sudo pm2 save ${options}`, { user: 'deploy' });

  it('plain: exit 0, and nothing is saved', async () => {
    expect(await save(hosts.plain, '--force')).toMatchObject({ status: 0 });
    expect(await hosts.plain.read('/root/.pm2/dump.pm2')).toBe('[]');
    expect(await hosts.plain.exists(`${WEB}/dump.pm2`)).toBe(false);
  });

  it('guarded: save --force, which can empty a saved list, is asked back', async () => {
    const { status, stdout, stderr } = await save(hosts.guarded, '--force');
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    expect(stderr).toMatch(/^pm2-guard: blocked \(PG109\): nothing was run\n/);
    expect(stderr).toContain(
      '  choose:   if you mean daemon "web" - ITS SAVED LIST IS REPLACED (1 app: myapp)    ' +
        `sudo -u www-data PM2_HOME=${WEB} pm2 save --force\n`,
    );
    expect(await hosts.guarded.exists(`${WEB}/dump.pm2`)).toBe(false);
  });

  it('guarded: the apps are saved, as their owner', async () => {
    expect(await save(hosts.guarded)).toMatchObject({ status: 0, stderr: rewritten('pm2 save', null) });
    expect(await hosts.guarded.read(`${WEB}/dump.pm2`)).toContain('"name": "myapp"');
    expect(await foreignFiles(hosts.guarded, WEB, 'www-data')).toEqual([]);
    expect(await hosts.guarded.exists('/root/.pm2')).toBe(false);
  });
});

describeOnHost('T34: list-wide verbs in the wrong daemon', () => {
  // alice may use the group's sockets; PM2_HOME is still exported from when she looked after the site.
  const hosts = twins(CONFIG, {}, async (host) => {
    await host.must('usermod -aG www-data alice');
    await startSite(host);
  });
  const verbs = ['restart all', 'stop all', 'delete all', 'kill'];
  const type = (host: Host, verb: string) => host.run(`pm2 ${verb}`, { user: 'alice', env: { PM2_HOME: WEB } });

  it.each(verbs)("guarded: %s touches no other user's apps", async (verb) => {
    const { status, stdout, stderr } = await type(hosts.guarded, verb);
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    expect(stderr).toContain(`"pm2 ${verb}" is not for alice to run.\n`);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online', restarts: 0 }]);
  });

  it("plain: other people's apps die", async () => {
    await type(hosts.plain, 'restart all');
    expect(await hosts.plain.apps(WEB)).toMatchObject([{ restarts: 1 }]);
    await type(hosts.plain, 'delete all');
    expect(await appsIn(hosts.plain, WEB)).toEqual([]);
    await type(hosts.plain, 'kill');
    expect(daemonsOn(hosts.plain)).toEqual([]);
  });
});

describeOnHost('T34: pm2 update as root', () => {
  const hosts = twins(CONFIG, {}, startSite);
  const update = (host: Host) => host.run('sudo pm2 update', { user: 'deploy' });

  it("plain: a daemon of root's is made and updated, the old one goes on", async () => {
    const [before] = hosts.plain.daemons();
    await update(hosts.plain);
    expect(daemonsOn(hosts.plain)).toEqual(['root /root/.pm2', `www-data ${WEB}`]);
    expect(hosts.plain.daemons().map(({ pid }) => pid)).toContain(before?.pid);
  });

  it('guarded: the daemon is replaced, as its own user, with its apps', async () => {
    const [before] = hosts.guarded.daemons();
    expect(await update(hosts.guarded)).toMatchObject({ status: 0 });
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(hosts.guarded.daemons()[0]?.pid).not.toBe(before?.pid);
    expect(await appsIn(hosts.guarded, WEB)).toEqual(['myapp']);
    expect(await foreignFiles(hosts.guarded, WEB, 'www-data')).toEqual([]);
  });
});

describeOnHost('T36: a home shared by a group, the daemon is down', () => {
  const home = '/srv/shared/.pm2';
  const hosts = twins(CONFIG.replace(`home: ${WEB}`, `home: ${home}`), {}, (host) =>
    host.must(`usermod -aG www-data alice; install -d -o www-data -g www-data -m 2775 /srv/shared ${home}`),
  );
  const status = (host: Host) => host.run('pm2 status', { user: 'alice', env: { PM2_HOME: home } });

  it('plain: the user who asks first owns the daemon', async () => {
    await status(hosts.plain);
    expect(daemonsOn(hosts.plain)).toEqual([`alice ${home}`]);
  });

  it('guarded: a caller without rights is told so, and nothing is spawned', async () => {
    const { status: exit, stdout, stderr } = await status(hosts.guarded);
    expect({ exit, stdout }).toEqual({ exit: 126, stdout: '' });
    expect(stderr).toContain('"pm2 status" is not for alice to run.\n');
    expect(daemonsOn(hosts.guarded)).toEqual([]);
    expect(await hosts.guarded.tree(home)).toHaveLength(1);
  });
});
