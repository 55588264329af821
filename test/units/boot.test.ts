import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import {
  asWeb,
  CONFIG,
  examined,
  inTheUnit,
  runsInUnit,
  SHOP,
  SITE,
  typed,
  UNIT,
  WEB,
  withoutDaemons,
} from './scene.ts';

const ROOTS = '/root/.pm2';
const TEAM = '/srv/team/.pm2';
const WITH_TEAM = `${CONFIG}  team: { user: ops, home: ${TEAM}, apps: [job] }\n`;
/** As before pm2-guard was there. Units and crontabs run the real pm2 by its path anyway. */
const plainly = (words: string) => `sudo -u www-data PM2_GUARD=off PM2_HOME=${WEB} pm2 ${words}`;

describeOnHost('traps of the boot, with a real reboot', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost({ startTimeout: '6s' });
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  const names = async (home: string) => (await host.apps(home)).map(({ name }) => name).sort();
  const deploy = (line: string) => host.session('deploy', `cd / && ${line}`, { timeoutMs: 60_000 });
  /** Types what doctor prints about what starts a daemon at boot. */
  const cured = async (trap: string) => {
    const found = (await examined(host)).findings.filter((one) => one.trap === trap && one.code.startsWith('PD4'));
    expect(found).not.toEqual([]);
    for (const one of found) await typed(host, one);
  };

  it("T23, T24: an old unit of root's with an old list starts a second copy; cured, only one boots", async () => {
    await withoutDaemons(host);
    const root = (words: string) => `PM2_GUARD=off PM2_HOME=${ROOTS} pm2 ${words}`;
    const start = root(`start ${SITE}/server.js --name myapp --cwd ${SITE}`);
    await host.must(`${start} && ${root('save')} && ${root('kill')}`);
    const old = await host.read(`${ROOTS}/dump.pm2`);
    await inTheUnit(host);
    await host.write(`${ROOTS}/dump.pm2`, old);
    await host.must('PM2_GUARD=off pm2 startup systemd -u root --hp /root');
    await host.reboot();
    await expect.poll(() => names(ROOTS), { timeout: 15_000 }).toEqual(['myapp']);
    expect(await names(WEB)).toEqual(['myapp']);
    expect((await examined(host)).findings.map(({ trap }) => trap)).toContain('T23');
    expect((await deploy(`sudo pm2-guard adopt --from ${ROOTS} --yes`)).status).toBe(0);
    const left = (await examined(host)).findings.filter(({ trap }) => trap === 'T23' || trap === 'T24');
    for (const one of left) await typed(host, one);
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    expect(host.daemons().map(({ home }) => home)).toEqual([WEB]);
  });

  it('T25: startup without --hp; plain: nothing of the app boots; guarded: it does', async () => {
    await inTheUnit(host);
    await host.must(`systemctl disable ${UNIT}; rm /etc/systemd/system/${UNIT}`);
    await deploy('sudo PM2_GUARD=off pm2 startup systemd -u www-data');
    expect(await host.read(`/etc/systemd/system/${UNIT}`)).toContain(`PM2_HOME=${ROOTS}`);
    await host.reboot();
    await expect.poll(async () => (await host.unit(UNIT)).ActiveState, { timeout: 60_000 }).toBe('failed');
    expect(await names(WEB)).toEqual([]);
    expect((await deploy('sudo pm2 startup systemd -u www-data')).status).toBe(0);
    await host.reboot();
    await runsInUnit(host, ['myapp']);
  });

  it('T26: a save as the wrong user; plain: the new app does not boot; guarded: it does', async () => {
    await inTheUnit(host);
    const start = asWeb(`start ${SHOP} --name shop --cwd /srv`);
    expect((await deploy(start)).status).toBe(0);
    await deploy('sudo PM2_GUARD=off pm2 save --force');
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    await host.must(`PM2_GUARD=off PM2_HOME=${ROOTS} pm2 kill; rm -rf ${ROOTS}`, { cwd: '/' });
    expect((await deploy(start)).status).toBe(0);
    expect((await deploy('sudo pm2 save')).status).toBe(0);
    await host.reboot();
    await runsInUnit(host, ['myapp', 'shop']);
  });

  it('T27: a User= that is no account; plain: nothing boots; guarded, and of a user with dots: both boot', async () => {
    await inTheUnit(host);
    await host.must(`systemctl disable --now ${UNIT}; rm /etc/systemd/system/${UNIT}`);
    // cloud-init and containers have no USER: PM2 takes the missing name for a name.
    const startup = 'env -u USER -u LOGNAME pm2 startup systemd --hp /var/www';
    await host.must(`PM2_GUARD=off ${startup}`, { cwd: '/' });
    await host.reboot();
    await expect
      .poll(() => host.unit('pm2-undefined'), { timeout: 30_000 })
      .toMatchObject({ User: 'undefined', ActiveState: 'failed' });
    expect(await names(WEB)).toEqual([]);
    const { findings } = await examined(host);
    const told = findings.filter(({ subject }) => subject.path === '/etc/systemd/system/pm2-undefined.service');
    expect(told.map(({ code, what }) => `${code} ${what}`)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^PD407 .*does not exist/),
        'PD412 pm2-undefined.service has failed: its user does not exist',
      ]),
    );
    await host.must('systemctl disable pm2-undefined; rm /etc/systemd/system/pm2-undefined.service');
    await host.must(startup, { cwd: '/' });
    // systemd before 234 runs the unit of such a name as root. This one takes the name.
    await host.must('id -u shop.example.com 2>/dev/null || useradd -m --badname shop.example.com');
    await host.write('/etc/pm2-guard/config.yaml', `${CONFIG}  dots: { user: shop.example.com, apps: [shop] }\n`);
    const dots = (words: string) => `sudo -u shop.example.com pm2 ${words}`;
    await host.must(`${dots(`start ${SHOP} --cwd /srv`)} && ${dots('save')} && ${dots('kill')}`, { cwd: '/' });
    await host.must('pm2 startup systemd -u shop.example.com --hp /home/shop.example.com', { cwd: '/' });
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    const home = '/home/shop.example.com/.pm2';
    await expect.poll(() => names(home), { timeout: 15_000 }).toEqual(['shop']);
    const { uid } = host.account('shop.example.com');
    expect(host.daemons().find((daemon) => daemon.home === home)).toMatchObject({ uid });
    expect((await examined(host)).findings.filter(({ trap }) => trap === 'T27')).toEqual([]);
    await host.must(`systemctl stop 'pm2-*'; rm -r ${home}`);
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });

  it('T28: a crontab starts the daemon of the unit, too; cured, the unit alone does', async () => {
    await inTheUnit(host);
    // Which of the two gets the socket, and what the other leaves behind, is a race.
    await host.must(`echo '@reboot PM2_HOME=${WEB} ${host.pm2Package}/bin/pm2 resurrect' | crontab -u www-data -`);
    await host.reboot();
    await expect.poll(() => names(WEB), { timeout: 60_000 }).toEqual(['myapp']);
    await cured('T28');
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    const { findings, socketless } = await examined(host);
    expect([findings.filter(({ trap }) => trap === 'T28'), socketless]).toEqual([[], []]);
  });

  it('T28: rc.local, a SysV script and a timer start it beside the unit; cured, the unit alone does', async () => {
    await inTheUnit(host);
    const resurrect = `${host.pm2Package}/bin/pm2 resurrect`;
    const asUser = `su -s /bin/sh www-data -c 'PM2_HOME=${WEB} timeout 9 ${resurrect}'`;
    const service = `User=www-data\nEnvironment=PM2_HOME=${WEB}\nExecStartPre=+touch /srv/by-timer`;
    const info = '### BEGIN INIT INFO\n# Provides: old\n# Default-Start: 2 3 4 5\n### END INIT INFO';
    for (const [file, text] of [
      ['/etc/rc.local', `#!/bin/sh\ntouch /srv/by-rc\n${asUser}\n`],
      ['/etc/init.d/old', `#!/bin/sh\n${info}\nUSER=www-data\nPM2_HOME=${WEB}\ntouch /srv/by-script\n${asUser}\n`],
      ['/etc/systemd/system/warm-up.service', `[Service]\n${service}\nExecStart=timeout 9 ${resurrect}\n`],
      ['/etc/systemd/system/warm-up.timer', '[Timer]\nOnBootSec=1s\n[Install]\nWantedBy=timers.target\n'],
    ] as const)
      await host.write(file, text, { mode: '755' });
    const links = 'for n in 2 3 4 5; do ln -s ../init.d/old /etc/rc$n.d/S01old; done';
    await host.must(`${links}; systemctl enable warm-up.timer`);
    const ran = async () => (await host.must('cd /srv && ls -d by-* 2>/dev/null || :')).split('\n').slice(0, -1);
    await host.reboot();
    await expect.poll(ran, { timeout: 60_000 }).toEqual(['by-rc', 'by-script', 'by-timer']);
    // A race of four: no copy, one or several, in one daemon or two.
    const twice = async () => (await examined(host)).findings.filter(({ code }) => code === 'PD404');
    const told = (await twice()).flatMap(({ evidence }) => evidence);
    for (const name of ['rc.local:3', 'init.d/old', 'warm-up.service'])
      expect(told).toContainEqual(expect.stringContaining(`${name}: as www-data`));
    for (let [one] = await twice(); one !== undefined; [one] = await twice()) await typed(host, one);
    await host.must('rm /srv/by-*');
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    expect(await ran()).toEqual(['by-rc']); // its other lines stay
    await host.must('rm /etc/rc.local');
    const { findings, socketless } = await examined(host);
    expect([findings.filter(({ code }) => code === 'PD404'), socketless]).toEqual([[], []]);
  });

  it('T36: a PM2_HOME that a group shares; plain: who asks first owns it; guarded: its unit keeps it', async () => {
    await withoutDaemons(host);
    await host.write('/etc/pm2-guard/config.yaml', WITH_TEAM);
    await host.must(`groupadd -f team && usermod -aG team ops && usermod -aG team alice
      install -d -o ops -g team -m 2770 /srv/team ${TEAM}`);
    await host.write('/srv/job.js', 'setInterval(() => {}, 1e6);\n');
    const ops = (words: string) => `sudo -u ops PM2_HOME=${TEAM} pm2 ${words}`;
    const start = ops('start /srv/job.js --name job --cwd /srv');
    await host.must(`${start} && ${ops('save')} && ${ops('kill')}`, { cwd: '/' });
    await host.must(`chmod -R g+rwX ${TEAM}; pm2 startup systemd -u ops --hp /srv/team`, { cwd: '/' });
    const [unit = ''] = (await host.must('ls /etc/systemd/system | grep ^pm2-')).split('\n');
    const owner = () => host.daemons().find(({ home }) => home === TEAM)?.uid ?? null;
    await host.session('alice', `PM2_GUARD=off PM2_HOME=${TEAM} pm2 status`);
    await expect.poll(owner).toBe(host.account('alice').uid);
    expect((await host.run(`systemctl start ${unit}`, { timeoutMs: 90_000 })).status).not.toBe(0);
    await host.must(`pkill -9 -u alice; systemctl stop ${unit}; systemctl reset-failed`);
    await host.must(`rm -f ${TEAM}/*.sock ${TEAM}/pm2.pid`);
    expect((await host.session('alice', `PM2_HOME=${TEAM} pm2 status`)).status).toBe(126);
    expect(owner()).toBe(null);
    await host.reboot();
    await expect.poll(() => names(TEAM), { timeout: 15_000 }).toEqual(['job']);
    expect(owner()).toBe(host.account('ops').uid);
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });

  it('T46: a daemon that a session spawns ends with it; brought up by its unit, it stays', async () => {
    await inTheUnit(host);
    await host.must(`mkdir -p /etc/systemd/logind.conf.d && systemctl stop ${UNIT}`);
    await host.write('/etc/systemd/logind.conf.d/kill.conf', '[Login]\nKillUserProcesses=yes\n');
    await host.must('systemctl restart systemd-logind');
    await deploy(plainly('resurrect'));
    await expect.poll(() => host.daemons().length, { timeout: 30_000 }).toBe(0);
    expect((await deploy('sudo pm2 restart myapp')).status).toBe(0);
    await expect.poll(async () => (await host.run('loginctl list-sessions')).stdout).not.toContain('deploy');
    await runsInUnit(host, ['myapp']);
    await host.reboot();
    await runsInUnit(host, ['myapp']);
    expect((await host.run('pm2-guard log')).stdout).toContain('pm2 restart myapp'); // of the boot before
  });

  it('a power failure leaves a list that is cut short or empty; plain: the older list boots, or nothing', async () => {
    await inTheUnit(host);
    const dump = `${WEB}/dump.pm2`;
    const whole = await host.read(dump);
    // pm2 save copies the list that it replaces.
    await host.must(asWeb('save'), { cwd: '/' });
    // The older list boots again and again, so doctor must not say that the app would be lost.
    const lost = async () =>
      (await examined(host)).findings.filter(({ code }) => code === 'PD204' || code === 'PD402');
    for (const left of [whole.slice(0, 300), '']) {
      await host.write(dump, left, { owner: 'www-data' });
      expect(await lost()).toEqual([]);
      await host.powerFailure();
      await runsInUnit(host, ['myapp']);
      expect(await host.exists(dump)).toBe(false);
      expect(await lost()).toEqual([]);
    }
    await host.powerFailure();
    await runsInUnit(host, ['myapp']);
    await host.must(`rm ${dump}.bak`);
    await host.write(dump, whole.slice(0, 300), { owner: 'www-data' });
    await host.powerFailure();
    await expect.poll(async () => (await host.unit(UNIT)).ActiveState, { timeout: 30_000 }).toBe('active');
    await runsInUnit(host, []);
    const { findings } = await examined(host);
    expect(findings.filter(({ code }) => code.startsWith('PD4'))).toMatchObject([
      { code: 'PD402', what: `${UNIT} brought nothing back: ${WEB} has no saved list` },
    ]);
    expect(await host.must(`journalctl -b -o cat -u ${UNIT}`)).toContain('Failed to parse dump file');
    await host.must(asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`), { cwd: '/' });
    await typed(host, { repair: [['sudo', '-u', 'www-data', 'env', `PM2_HOME=${WEB}`, 'pm2', 'save']] });
    await host.powerFailure();
    await runsInUnit(host, ['myapp']);
  });
});
