import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { twins, WEB } from './twins.ts';

const CONFIG = `\
default: web
daemons:
  web: {user: www-data, home: ${WEB}, apps: [myapp, "shop-*"], operators: [deploy]}
  ops: {user: ops, apps: [backup]}
`;
const APP = '/srv/app.js';
const up = async (host: Host): Promise<void> => {
  await host.write(APP, 'setInterval(() => {}, 1e6)');
  await host.must(`pm2 start ${APP} --name myapp`, { user: 'www-data', env: { PM2_HOME: WEB }, cwd: '/' });
};
/** A stray of root's, made past the guard. */
const strayOfRoot = (host: Host) => host.must(`PM2_GUARD=off pm2 start ${APP} --name old-job`, { cwd: '/' });
const daemonOf = (user: string, app: string) => (host: Host) =>
  host.must(`PM2_GUARD=off pm2 start ${APP} --name ${app}`, { user, cwd: '/' });
const names = async (host: Host, pm2Home: string) =>
  (await host.apps(pm2Home)).map(({ name, status }) => `${name} ${status}`);
const PRODUCTION = ['myapp online'];

describeOnHost('T47: the cure for a stray, typed as root', () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await up(host);
    await strayOfRoot(host);
    await daemonOf('alice', 'hers')(host);
  });

  it.each(['kill', 'delete all', 'stop all', 'stop 0', 'flush', 'delete /.*/', 'save --force'])(
    'guarded: sudo pm2 %s asks, and shows both daemons',
    async (line) => {
      const { status, stdout, stderr } = await hosts.guarded.run(`sudo pm2 ${line}`, { user: 'deploy' });
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      expect(stderr).toContain('blocked (PG109)');
      expect(stderr).toMatch(
        /choose: {3}root's stray \(PM2_HOME \/root\/\.pm2; 1 app: old-job\) +sudo PM2_GUARD=off pm2 /,
      );
      expect(stderr).toMatch(
        / {12}daemon "web" - .* \(1 app: myapp\) +sudo -u www-data PM2_HOME=\/var\/www\/\.pm2 pm2 /,
      );
      expect(stderr).not.toContain('run:');
      expect(await names(hosts.guarded, WEB)).toEqual(PRODUCTION);
      expect(await names(hosts.guarded, '/root/.pm2')).toEqual(['old-job online']);
    },
  );

  it.each(['restart all', 'reload all', 'restart 0', 'update'])('guarded: sudo pm2 %s asks', async (line) => {
    const { status, stderr } = await hosts.guarded.run(`sudo pm2 ${line}`, { user: 'deploy' });
    expect({ status, code: /PG\d+/.exec(stderr)?.[0] }).toEqual({ status: 126, code: 'PG109' });
    expect((await hosts.guarded.apps(WEB))[0]?.restarts).toBe(0);
  });

  it.each(['/root/.pm2', '/home/alice/.pm2', '/srv/x'])(
    'guarded: what names PM2_HOME=%s lands in no other daemon',
    async (pm2Home) => {
      for (const line of [
        'delete all',
        'stop all',
        'restart all',
        'flush',
        'save --force',
        'cleardump',
        'reload all',
        'kill',
        'resurrect',
      ]) {
        const { status, stderr } = await hosts.guarded.run(`sudo PM2_HOME=${pm2Home} pm2 ${line}`, { user: 'deploy' });
        expect({ line, status, code: /PG\d+/.exec(stderr)?.[0] }).toEqual({ line, status: 126, code: 'PG105' });
      }
      expect(await names(hosts.guarded, WEB)).toEqual(PRODUCTION);
    },
  );

  it('guarded: an inventory of PM2_HOMEs shows each its own list, or none', async () => {
    const list = async (pm2Home: string) => {
      const { status, stdout } = await hosts.guarded.run(`PM2_HOME=${pm2Home} pm2 jlist`);
      return status === 0 ? (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name) : status;
    };
    expect(await list('/root/.pm2')).toEqual(['old-job']);
    expect(await list(WEB)).toEqual(['myapp']);
    expect(await list('/home/alice/.pm2')).toBe(126);
    expect(await list('/srv/x')).toBe(126);
  });

  it('guarded: the line that is shown for the stray ends it, and nothing else', async () => {
    await hosts.guarded.must('sudo PM2_GUARD=off pm2 kill', { user: 'deploy' });
    expect(hosts.guarded.daemons().some(({ uid }) => uid === 0)).toBe(false);
    expect(await names(hosts.guarded, WEB)).toEqual(PRODUCTION);
    // Without a stray the words could still mean it.
    expect(await hosts.guarded.run('sudo pm2 kill', { user: 'deploy' })).toMatchObject({ status: 126 });
  });

  it('plain: the stray ends, production goes on', async () => {
    await hosts.plain.must('sudo pm2 kill', { user: 'deploy' });
    expect(hosts.plain.daemons().some(({ uid }) => uid === 0)).toBe(false);
    expect(await names(hosts.plain, WEB)).toEqual(PRODUCTION);
  });
});

describeOnHost('an operator with a daemon for tests', () => {
  const hosts = twins(CONFIG, {}, async (host) => {
    await up(host);
    await daemonOf('deploy', 'devapp')(host);
  });
  const type = (host: Host, line: string) => host.run(`pm2 ${line}`, { user: 'deploy', cwd: '/' });

  it.each(['stop all', 'delete all', 'kill', 'restart 0', 'restart all'])('guarded: pm2 %s asks', async (line) => {
    const { status, stderr } = await type(hosts.guarded, line);
    expect({ status, code: /PG\d+/.exec(stderr)?.[0] }).toEqual({ status: 126, code: 'PG109' });
    expect(stderr).toContain("deploy's stray (PM2_HOME /home/deploy/.pm2; 1 app: devapp)");
    expect(await names(hosts.guarded, WEB)).toEqual(PRODUCTION);
    expect(await names(hosts.guarded, '/home/deploy/.pm2')).toEqual(['devapp online']);
  });

  it('guarded: what lives there alone stays within reach, with a line about it', async () => {
    const restarted = await type(hosts.guarded, 'restart devapp');
    expect(restarted).toMatchObject({ status: 0 });
    expect(restarted.stderr).toContain("devapp lives only in deploy's own daemon");
    expect(await type(hosts.guarded, 'stop devapp')).toMatchObject({ status: 0 });
    expect(await names(hosts.guarded, '/home/deploy/.pm2')).toEqual(['devapp stopped']);
    expect((await type(hosts.guarded, 'describe devapp')).stdout).toContain('/home/deploy/.pm2');
  });

  it('guarded: an app of the config goes home, and its end is asked where it runs twice', async () => {
    expect(await type(hosts.guarded, 'restart myapp')).toMatchObject({ status: 0 });
    expect((await hosts.guarded.apps(WEB))[0]?.restarts).toBe(1);
    await daemonOf('deploy', 'myapp')(hosts.guarded);
    const { status, stderr } = await type(hosts.guarded, 'delete myapp');
    expect(status).toBe(126);
    expect(stderr).toContain('myapp runs in one daemon and belongs to another, "web"');
    expect(await names(hosts.guarded, WEB)).toEqual(PRODUCTION);
  });

  it("guarded: a list is the default's, with one line on the stray; the stray's own by its name", async () => {
    const listed = await type(hosts.guarded, 'list');
    expect(listed.stdout).toContain('myapp');
    expect(listed.stderr).toContain('note: deploy also has a PM2 daemon of its own');
    expect((await hosts.guarded.run('PM2_HOME=/home/deploy/.pm2 pm2 jlist', { user: 'deploy' })).stdout).toContain(
      'devapp',
    );
  });

  it("plain: stop all stops what is the operator's", async () => {
    await type(hosts.plain, 'stop all');
    expect(await names(hosts.plain, WEB)).toEqual(PRODUCTION);
    expect(await names(hosts.plain, '/home/deploy/.pm2')).toEqual(['devapp stopped']);
  });
});

describeOnHost('sites of a hosting panel: personal daemons', () => {
  const hosts = twins(`${CONFIG}personal: ["site*", "%clients"]\n`, { users: ['site2', 'carol'] }, async (host) => {
    await up(host);
    await host.must('groupadd clients; usermod -aG clients carol');
  });

  it.each(['site2', 'carol'])('guarded: %s owns what it starts, as plain pm2 has it', async (user) => {
    for (const host of [hosts.plain, hosts.guarded]) {
      expect(await host.run(`runuser -l ${user} -c 'NODE_ENV=production pm2 start ${APP} --name site'`)).toMatchObject({
        status: 0,
      });
      expect(await names(host, `/home/${user}/.pm2`)).toEqual(['site online']);
      expect(await host.run('pm2 kill', { user })).toMatchObject({ status: 0 });
    }
  });
  it('guarded: root reaches it by its name, as its user', async () => {
    await hosts.guarded.must(`pm2 start ${APP} --name site`, { user: 'site2', cwd: '/' });
    const { stdout, stderr } = await hosts.guarded.run('PM2_HOME=/home/site2/.pm2 pm2 jlist');
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(['site']);
    expect(stderr).toBe('');
    expect((await hosts.guarded.tree('/home/site2/.pm2')).filter(({ owner }) => owner !== 'site2')).toEqual([]);
  });
  it('guarded: so it does where the home directory is a symlink', async () => {
    await hosts.guarded.must('mv /home/site2 /home/real; ln -s real /home/site2');
    const { stdout } = await hosts.guarded.run('PM2_HOME=/home/site2/.pm2 pm2 jlist');
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(['site']);
    await hosts.guarded.must('rm /home/site2; mv /home/real /home/site2');
  });
  it('doctor takes it for declared, and its unit too', async () => {
    await hosts.guarded.must('pm2 save', { user: 'site2' });
    await hosts.guarded.write(
      '/etc/systemd/system/pm2-site2.service',
      '[Service]\nType=forking\nUser=site2\nEnvironment=PM2_HOME=/home/site2/.pm2\nExecStart=/usr/bin/pm2 resurrect\n',
    );
    await hosts.guarded.must(
      'mkdir -p /etc/systemd/system/multi-user.target.wants && ln -s ../pm2-site2.service ' +
        '/etc/systemd/system/multi-user.target.wants/',
    );
    const { stdout } = await hosts.guarded.run('pm2-guard doctor --json');
    const { daemons, findings } = JSON.parse(stdout) as {
      daemons: { name: string | null; stray: boolean; home: string }[];
      findings: { subject: { home: string | null } }[];
    };
    const its = ({ home }: { home: string | null }): boolean => home === '/home/site2/.pm2';
    expect(daemons.filter(its)).toMatchObject([{ name: 'site2', stray: false }]);
    expect(findings.filter(({ subject }) => its(subject))).toEqual([]);
    expect((await hosts.guarded.run('pm2-guard doctor --app site')).stdout).toMatch(
      /is owned by daemon site2 of site2/,
    );
  });
  it('doctor sends a list that was copied there to it, with a command that adopt takes', async () => {
    const copy = JSON.stringify([{ name: 'copied', pm_exec_path: APP, PM2_HOME: '/home/carol/.pm2' }]);
    await hosts.guarded.write('/home/site2/.pm2/dump.pm2', copy, { owner: 'site2' });
    const { stdout } = await hosts.guarded.run('pm2-guard doctor --json');
    const { findings } = JSON.parse(stdout) as { findings: { code: string; repair: string[][] }[] };
    const [command = []] = findings.find(({ code }) => code === 'PD312')?.repair ?? [];
    expect(command).toEqual(expect.arrayContaining(['adopt', '--to', 'site2']));
    const line = command.join(' ').replace(/^sudo /, '');
    const { stdout: preview } = await hosts.guarded.run(`${line} --dry-run --json`);
    expect(JSON.parse(preview)).toMatchObject({ moves: [{ apps: [{ name: 'copied' }], to: { user: 'site2' } }] });
    expect(await hosts.guarded.run('pm2-guard adopt copied --to alice --dry-run')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the config has no daemon "alice"') as string,
    });
    await hosts.guarded.must('pm2 save --force', { user: 'site2' });
  });
  it('doctor takes the daemon of a user who is not named for a stray, and of a member of the group not', async () => {
    await hosts.guarded.must(`PM2_GUARD=off pm2 start ${APP} --name hers`, { user: 'alice', cwd: '/' });
    const { stdout } = await hosts.guarded.run('pm2-guard doctor --app hers --json');
    expect(JSON.parse(stdout)).toMatchObject({ owners: [{ user: 'alice', daemon: null, stray: true }] });
    await hosts.guarded.must('PM2_GUARD=off pm2 kill && rm -r ~/.pm2', { user: 'alice' });
    await hosts.guarded.must(`pm2 start ${APP} --name a-client`, { user: 'carol', cwd: '/' });
    const ofCarol = await hosts.guarded.run('pm2-guard doctor --app a-client --json');
    expect(JSON.parse(ofCarol.stdout)).toMatchObject({ owners: [{ user: 'carol', daemon: 'carol', stray: false }] });
  });
  it('guarded: alice, who is no such user, is blocked', async () => {
    expect(await hosts.guarded.run(`pm2 start ${APP}`, { user: 'alice' })).toMatchObject({ status: 126 });
    expect(await hosts.guarded.exists('/home/alice/.pm2')).toBe(false);
  });
});
