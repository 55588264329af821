import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { asWeb, CONFIG, finding, inTheUnit, runsInUnit, SITE, UNIT, WEB, withoutDaemons } from './scene.ts';

const TWO = `${CONFIG}  stage: { user: www-data, home: /srv/stage/.pm2, apps: [stage-app] }\n`;
const plainly = (words: string) => `sudo -u www-data PM2_GUARD=off PM2_HOME=${WEB} pm2 ${words}`;
const START = `sudo systemctl start ${UNIT}`;

describeOnHost('calls of pm2 for a daemon that a unit starts', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  const down = async () => {
    await inTheUnit(host);
    await host.must(`systemctl stop ${UNIT}`);
    expect(host.daemons()).toEqual([]);
  };
  const cgroup = async () => host.cgroup(host.daemons().find(({ home }) => home === WEB)?.pid ?? 0);
  beforeAll(async () => {
    host = await systemdHost();
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('T46, plain pm2: spawns an empty daemon in the session, which no unit has', async () => {
    await down();
    const { status, stdout, stderr } = await host.session('deploy', `cd / && PM2_GUARD=off ${asWeb('restart myapp')}`);
    expect(status).not.toBe(0);
    expect(stdout + stderr).toContain('Process or Namespace myapp not found');
    expect(await cgroup()).toMatch(/session-/);
  });

  it("T46: root's restart brings the daemon up by its unit, and restarts the app", async () => {
    await down();
    const { status, stderr } = await host.session('deploy', 'sudo pm2 restart myapp', { timeoutMs: 60_000 });
    expect(stderr).toContain(`pm2-guard: daemon "web" did not run: its unit was started (${UNIT})`);
    expect(status).toBe(0);
    await runsInUnit(host, ['myapp']);
  });

  it('T46: the same where the sockets of a killed daemon are left over', async () => {
    await inTheUnit(host);
    await host.must(`systemctl stop ${UNIT}`);
    await host.session('deploy', `cd / && sudo -u www-data PM2_GUARD=off PM2_HOME=${WEB} pm2 list`);
    await host.must(`pkill -9 -f '[G]od Daemon'`);
    expect(await host.exists(`${WEB}/rpc.sock`)).toBe(true);
    await host.must('pm2 reload all', { timeoutMs: 60_000 });
    await runsInUnit(host, ['myapp']);
  });

  it('T46: pm2 list prints an empty list and a line that names the unit; no daemon is started', async () => {
    await down();
    for (const [line, user] of [
      ['sudo pm2 list', 'deploy'],
      [`cd / && ${asWeb('ls')}`, 'deploy'],
      ['pm2 list', 'deploy'],
    ] as const) {
      const { status, stderr } = await host.session(user, line);
      expect(stderr).toContain(`does not run; its unit starts it with all saved apps:  ${START}`);
      expect(status).toBe(0);
    }
    expect((await host.session('deploy', 'sudo pm2 jlist')).stdout.trim()).toBe('[]');
    expect(host.daemons()).toEqual([]);
    expect(await host.must('ls -A /tmp | grep pm2-guard || true')).toBe('');
  });

  it("T46: a call that is not root's names the unit, and starts none", async () => {
    await down();
    const { stderr } = await host.session('deploy', `cd / && ${asWeb('restart myapp')}`);
    expect(stderr).toContain(START);
    expect((await host.unit(UNIT)).ActiveState).toBe('inactive');
  });

  it("T46: an operator's call starts the unit where sudo allows that, and names it where not", async () => {
    await host.must('pm2-guard sudoers --write');
    await down();
    const named = await host.session('ops', 'pm2 restart myapp', { timeoutMs: 60_000 });
    expect(named.stderr).toContain(`daemon "web" does not run; its unit starts it with all saved apps:  ${START}\n`);
    expect((await host.unit(UNIT)).ActiveState).toBe('inactive');
    const rule = `ops ALL=(root) NOPASSWD: /usr/bin/systemctl start ${UNIT}\n`;
    await host.write('/etc/sudoers.d/start', rule, { mode: '440' });
    for (const line of ['pm2 restart myapp', 'pm2 reload myapp']) {
      await down();
      const { status, stderr } = await host.session('ops', `cd / && ${line}`, { timeoutMs: 60_000 });
      expect([status, stderr]).toEqual([
        0,
        expect.stringContaining(`pm2-guard: daemon "web" did not run: its unit was started (${UNIT})\n`),
      ]);
      await runsInUnit(host, ['myapp']);
    }
    // What only asks, and what ends something, starts nothing.
    await host.must(`systemctl stop ${UNIT}`);
    for (const line of ['pm2 list', 'pm2 stop myapp']) await host.session('ops', line, { timeoutMs: 60_000 });
    expect((await host.unit(UNIT)).ActiveState).toBe('inactive');
    await host.must('rm /etc/sudoers.d/start');
  });

  it("a call that ends something starts no unit, and neither does the unit's own call", async () => {
    await down();
    await host.session('deploy', 'sudo pm2 stop myapp');
    expect((await host.unit(UNIT)).ActiveState).toBe('inactive');
    await inTheUnit(host);
    expect(await host.must(`journalctl -b -o cat -u ${UNIT}`)).not.toContain('does not run');
  });

  it("pm2 update of a unit's daemon is blocked, and the lines it shows do what was meant", async () => {
    await inTheUnit(host, ['myapp', 'shop']);
    await host.must('pm2-guard sudoers --write');
    const [before] = host.daemons();
    const lines = [`sudo -u www-data PM2_HOME=${WEB} pm2 save`, `sudo systemctl restart ${UNIT}`];
    const shown = `  run all:  ${lines[0] ?? ''}\n            ${lines[1] ?? ''}\n`;
    for (const [line, user] of [
      ['sudo pm2 update', 'deploy'],
      ['sudo pm2 updatePM2', 'deploy'],
      [`cd / && ${asWeb('update')}`, 'deploy'],
      ['pm2 update', 'ops'],
    ] as const) {
      const { status, stderr } = await host.session(user, line);
      expect([line, status, stderr]).toEqual([line, 126, expect.stringContaining('pm2-guard: blocked (PG117)')]);
      expect(stderr).toContain(shown);
    }
    const own = await host.run('pm2 update', { user: 'www-data', cwd: '/' });
    expect([own.status, own.stderr]).toEqual([126, expect.stringContaining('  run:      PM2_HOME=')]);
    expect(own.stderr).toContain(`to run:  ${lines[1] ?? ''}\n`);
    expect((await host.run('pm2-guard explain -- pm2 update')).stdout).toContain('PG117');
    expect(host.daemons()).toEqual([before]);
    for (const line of lines) expect((await host.session('deploy', `cd / && ${line}`)).status).toBe(0);
    await runsInUnit(host, ['myapp', 'shop']);
    expect(host.daemons()[0]?.pid).not.toBe(before?.pid);
  });

  it('pm2 update passes where systemd would let the new daemon live, and for PM2_GUARD=off', async () => {
    const update = async (line = asWeb('update')) => {
      const { status, stderr } = await host.session('deploy', `cd / && ${line}`, { timeoutMs: 60_000 });
      expect([status, stderr]).toEqual([0, expect.not.stringContaining('PG117')]);
      await expect.poll(() => host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online' }]);
    };
    // No unit has the daemon.
    await inTheUnit(host);
    await host.must(`systemctl stop ${UNIT}`);
    await host.session('deploy', `cd / && ${plainly('resurrect')}`);
    await update();
    // Its unit has no ExecStop=.
    await inTheUnit(host);
    await host.must(`sed -i '/^ExecStop/d; /^Restart/d' /etc/systemd/system/${UNIT}; systemctl daemon-reload`);
    await update();
    await inTheUnit(host);
    await host.session('deploy', `cd / && timeout 25 ${plainly('update')}`, { timeoutMs: 40_000 });
    await expect.poll(() => host.daemons().length, { timeout: 15_000 }).toBe(0);
  });

  it('a daemon whose unit is not enabled is spawned as ever', async () => {
    await down();
    await host.must(`systemctl disable ${UNIT}`);
    const { stderr } = await host.session('deploy', 'cd / && sudo pm2 list');
    expect(stderr).not.toContain('unit');
    expect(host.daemons()).toHaveLength(1);
  });

  it("a drop-in in system.control moves a unit's daemon, and doctor reads it too", async () => {
    await inTheUnit(host);
    const dropIn = `/etc/systemd/system.control/${UNIT}.d/50-home.conf`;
    await host.write(dropIn, '[Service]\nEnvironment=PM2_HOME=/srv/.pm2\n');
    await host.must('systemctl daemon-reload');
    expect(await host.must(`systemctl show -P Environment ${UNIT}`)).toContain('PM2_HOME=/srv/.pm2');
    const { evidence } = await finding(host, 'PD409');
    expect(evidence).toContainEqual(expect.stringContaining(`${UNIT} is enabled: www-data in /srv/.pm2`));
    await host.must('rm -r /etc/systemd/system.control; systemctl daemon-reload');
  });

  it("unstartup of root removes root's unit, and leaves the site alone", async () => {
    await inTheUnit(host);
    await host.must('PM2_GUARD=off pm2 startup systemd -u root --hp /root');
    expect((await host.session('deploy', 'sudo pm2 unstartup systemd')).status).toBe(0);
    expect(await host.must('cd /etc/systemd/system && ls -d pm2-*')).toBe(`${UNIT}\n`);
    await runsInUnit(host, ['myapp']);
    const { status, stderr } = await host.session('deploy', 'sudo pm2 unstartup systemd');
    expect([status, stderr]).toEqual([126, expect.stringContaining('NOTHING STARTS AT BOOT')]);
    await runsInUnit(host, ['myapp']);
  });

  it('two daemons of one user get two units, and both boot', async () => {
    await withoutDaemons(host);
    await host.write('/etc/pm2-guard/config.yaml', TWO);
    await host.must('install -d -o www-data -g www-data /srv/stage/.pm2');
    await host.write('/srv/stage/app.js', 'setInterval(() => {}, 1e6);\n');
    const stage = (words: string) => `sudo -u www-data PM2_HOME=/srv/stage/.pm2 pm2 ${words}`;
    await host.must(`${asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`)} && ${asWeb('save')}`, { cwd: '/' });
    await host.must(`${stage('start /srv/stage/app.js --name stage-app --cwd /srv')} && ${stage('save')}`, {
      cwd: '/',
    });
    await host.must('pm2 startup systemd -u www-data --hp /var/www && pm2 startup systemd -u www-data --hp /srv/stage');
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    await runsInUnit(host, ['stage-app'], 'pm2-stage.service', '/srv/stage/.pm2');
    await host.must('pm2 unstartup systemd -u www-data --hp /srv/stage');
    await runsInUnit(host, ['myapp']);
    expect(await host.exists('/etc/systemd/system/pm2-stage.service')).toBe(false);
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });

  it('keeps the record of every blocked call that is all of a unit', async () => {
    for (let at = 0; at < 10; at++)
      await host.run(`systemd-run -q --wait --uid=alice /usr/local/bin/pm2 delete record-${at}`, { cwd: '/' });
    const recorded = await host.must('journalctl -b -o cat -t pm2-guard');
    for (let at = 0; at < 10; at++) expect(recorded).toContain(`pm2 delete record-${at}`);
  });

  it("log says so to a user who may not see the system's journal", async () => {
    await host.session('alice', 'logger -t pm2-guard mine');
    const { status, stderr } = await host.session('alice', 'pm2-guard log');
    expect([status, stderr]).toEqual([1, expect.stringContaining('you may not read the journal')]);
    expect((await host.run('pm2-guard log')).status).toBe(0);
  });
});
