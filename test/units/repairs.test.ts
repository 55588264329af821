import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import {
  asWeb,
  CONFIG,
  codes,
  examined,
  finding,
  inTheUnit,
  runsInUnit,
  SHOP,
  SITE,
  typed,
  UNIT,
  WEB,
  withoutDaemons,
} from './scene.ts';

const save = `sudo -u www-data env PM2_HOME=${WEB} pm2 save`;
const restart = `sudo systemctl restart ${UNIT}`;

describeOnHost('what doctor prints about a daemon of a unit, typed as printed', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  const setVersion = (version: string) =>
    host.must(`sed -i 's/"version": *"[^"]*"/"version": "${version}"/' ${host.pm2Package}/package.json`);
  const DAEMON = ({ pm2Package }: SystemdHost) => `${pm2Package}/lib/Daemon.js`;
  const title = (pid: number) => host.processes().find((one) => one.pid === pid)?.command ?? '';
  /** A daemon that finds the socket taken, as after a race (T28). */
  const socketless = async () => {
    const known = new Set(host.processes().map(({ pid }) => pid));
    await host.must(`PM2_HOME=${WEB} setsid node ${DAEMON(host)} > /dev/null 2>&1 &`, { user: 'www-data', cwd: '/' });
    const fresh = () => host.processes().find(({ pid, command }) => !known.has(pid) && command.includes('God Daemon'));
    await expect.poll(fresh, { timeout: 15_000 }).toBeDefined();
    return fresh()?.pid ?? 0;
  };
  beforeAll(async () => {
    host = await systemdHost({ startTimeout: '4s' });
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it("plain pm2: pm2 update in a session ends the unit's daemon, and systemd the one that pm2 spawns", async () => {
    await inTheUnit(host);
    await host.session('deploy', `timeout 25 sudo -u www-data PM2_GUARD=off PM2_HOME=${WEB} pm2 update`, {
      timeoutMs: 40_000,
    });
    await expect.poll(() => host.daemons().length, { timeout: 15_000 }).toBe(0);
    expect((await host.unit(UNIT)).ActiveState).not.toBe('active');
  });

  it("PD112: another PM2 than the daemon's", async () => {
    await inTheUnit(host, ['myapp', 'shop']);
    await setVersion('7.0.99');
    expect(await typed(host, await finding(host, 'PD112'))).toEqual([save, restart]);
    await runsInUnit(host, ['myapp', 'shop']);
    expect((await examined(host)).daemons).toMatchObject([{ pm2: '7.0.99' }]);
    await setVersion('7.0.4');
  });

  it('PD108: variables of a CI job, which the unit does not set', async () => {
    await inTheUnit(host);
    const dropIn = `/etc/systemd/system/${UNIT}.d/job.conf`;
    await host.must(`mkdir -p /etc/systemd/system/${UNIT}.d &&
      printf '[Service]\\nEnvironment=BUILD_ID=7 JENKINS_NODE_COOKIE=x\\n' > ${dropIn}
      systemctl daemon-reload; systemctl restart ${UNIT}; rm ${dropIn}; systemctl daemon-reload`);
    await runsInUnit(host, ['myapp']);
    expect(await typed(host, await finding(host, 'PD108'))).toEqual([save, restart]);
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD110: the unit itself sets another HOME', async () => {
    await inTheUnit(host);
    await host.must(
      `sed -i 's#^PIDFile#Environment=HOME=/srv\\nPIDFile#' /etc/systemd/system/${UNIT}; systemctl daemon-reload; ` +
        `systemctl restart ${UNIT}`,
    );
    await runsInUnit(host, ['myapp']);
    const found = await finding(host, 'PD110');
    expect(found.evidence).toContain(`/etc/systemd/system/${UNIT} sets it`);
    await typed(host, found);
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD104: the socket is gone', async () => {
    await inTheUnit(host, ['myapp', 'shop']);
    const [daemon] = host.daemons();
    await host.must(`rm ${WEB}/*.sock`);
    expect(await typed(host, await finding(host, 'PD104'))).toEqual([
      `sudo -u www-data kill ${daemon?.pid ?? ''}`,
      restart,
    ]);
    await runsInUnit(host, ['myapp', 'shop']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD107: the daemon of the unit is stopped by a signal', async () => {
    await inTheUnit(host);
    await host.must(`kill -STOP $(systemctl show -P MainPID ${UNIT})`);
    await typed(host, await finding(host, 'PD107'));
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it("PD103: a second daemon took the socket of the unit's", async () => {
    await inTheUnit(host, ['myapp', 'shop']);
    await host.must(`rm ${WEB}/*.sock`);
    await host.session('deploy', `cd / && ${asWeb('list')}`);
    await expect.poll(() => host.daemons().length).toBeGreaterThan(0);
    await typed(host, await finding(host, 'PD103'));
    await runsInUnit(host, ['myapp', 'shop']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD103: a second daemon has an app of its own', async () => {
    await inTheUnit(host);
    await host.must(`rm ${WEB}/*.sock`);
    await host.write(SHOP, 'setInterval(() => {}, 1e6);\n');
    await host.session('deploy', `cd / && ${asWeb(`start ${SHOP} --name shop`)}`);
    await typed(host, await finding(host, 'PD103'));
    await runsInUnit(host, ['myapp', 'shop']);
  });

  it('PD111: a daemon outside of its unit loses no saved app, and no running one', async () => {
    await inTheUnit(host, ['shop']);
    await host.must(`systemctl stop ${UNIT}`);
    await host.session(
      'deploy',
      `cd / && PM2_GUARD=off ${asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`)}`,
    );
    expect(await host.cgroup(host.daemons()[0]?.pid ?? 0)).toMatch(/\/session-/);
    const lines = await typed(host, await finding(host, 'PD111'));
    expect(lines.slice(0, 2)).toEqual([save.replace(/save$/, 'resurrect'), save]);
    await runsInUnit(host, ['myapp', 'shop']);
    expect(await codes(host)).toEqual([]);
    await host.reboot();
    await runsInUnit(host, ['myapp', 'shop']);
  });

  it('PD111: after the unit has failed for it', async () => {
    await inTheUnit(host);
    await host.must(`systemctl stop ${UNIT}`);
    await host.session('deploy', `cd / && PM2_GUARD=off ${asWeb('resurrect')}`);
    await host.run(`systemctl start ${UNIT}`, { timeoutMs: 60_000 });
    await expect.poll(async () => (await host.unit(UNIT)).ActiveState, { timeout: 60_000 }).toBe('failed');
    expect(await codes(host)).toContain('PD412');
    await typed(host, await finding(host, 'PD111'));
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD116: a daemon without a socket beside the one of the unit', async () => {
    await inTheUnit(host);
    const lost = await socketless();
    const [unit] = host.daemons();
    const found = await finding(host, 'PD116');
    expect(found).toMatchObject({ urgency: 'untidy', subject: { home: WEB, pid: lost } });
    expect(await typed(host, found)).toEqual([`sudo -u www-data kill -KILL ${lost}`]);
    await runsInUnit(host, ['myapp']);
    expect(host.daemons()).toEqual([unit]);
    expect(await codes(host)).toEqual([]);
  });

  it('PD116: the daemon of the unit has no socket; plain: to stop the unit ends the one outside of it', async () => {
    const daemon = ['Type=simple', 'PIDFile=', 'Restart=no', 'ExecStart=', `ExecStart=/usr/bin/node ${DAEMON(host)}`];
    const dropIn = `/etc/systemd/system/${UNIT}.d/simple.conf`;
    const lose = async () => {
      await inTheUnit(host);
      await host.must(`systemctl stop ${UNIT}`);
      await host.session('deploy', `cd / && PM2_GUARD=off ${asWeb('resurrect')}`);
      await host.write(dropIn, `[Service]\n${daemon.join('\n')}\n`);
      await host.must(`systemctl daemon-reload; systemctl start ${UNIT}`);
      const pid = Number((await host.unit(UNIT))['MainPID']);
      await expect.poll(() => title(pid)).toContain('God Daemon');
      await host.must(`rm -r ${dropIn.replace('/simple.conf', '')}; systemctl daemon-reload`);
      return pid;
    };
    await lose();
    await host.must(`systemctl stop ${UNIT}`);
    await expect.poll(() => host.daemons()).toEqual([]);
    const pid = await lose();
    const found = await finding(host, 'PD116');
    expect(found.subject).toMatchObject({ home: WEB, pid });
    expect((await typed(host, found)).at(-1)).toBe(restart);
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it('PD115: a daemon that is down comes up in its unit', async () => {
    await inTheUnit(host);
    await host.must(`systemctl stop ${UNIT}`);
    expect(await typed(host, await finding(host, 'PD115'))).toEqual([`sudo systemctl start ${UNIT}`]);
    await runsInUnit(host, ['myapp']);
  });

  it('PD115 with PD401: its unit has another PM2_HOME (T25), and it is down after the reboot', async () => {
    await inTheUnit(host);
    await host.must(`sed -i 's#/var/www/.pm2#/root/.pm2#' /etc/systemd/system/${UNIT}`);
    await host.reboot();
    expect(host.daemons().filter(({ home }) => home === WEB)).toEqual([]);
    const { findings } = await examined(host);
    for (const one of findings.filter(({ code }) => /^PD(115|401)$/.test(code))) await typed(host, one);
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
  });

  it("PD106: an empty daemon of root's, in a unit of root's", async () => {
    await inTheUnit(host);
    await host.must('PM2_GUARD=off pm2 startup systemd -u root --hp /root && systemctl start pm2-root');
    expect(await typed(host, await finding(host, 'PD106'))).toEqual(['sudo systemctl stop pm2-root.service']);
    expect(host.daemons()).toMatchObject([{ home: WEB }]);
    expect((await host.unit('pm2-root')).ActiveState).toBe('inactive');
    await runsInUnit(host, ['myapp']);
  });

  it('names no unit of another user for a daemon', async () => {
    await withoutDaemons(host);
    await host.must(asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`), { cwd: '/' });
    await host.must(`${asWeb('save')}; PM2_GUARD=off pm2 startup systemd -u root --hp /var/www`, { cwd: '/' });
    const { findings, daemons } = await examined(host);
    expect(daemons).toMatchObject([{ user: 'www-data', unit: null }]);
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['PD401', 'PD411']));
    expect(findings.map(({ code }) => code)).not.toContain('PD111');
  });

  it('PD411: nothing starts a daemon at boot', async () => {
    await withoutDaemons(host);
    await host.session(
      'deploy',
      `cd / && ${asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`)} && ${asWeb('save')}`,
    );
    const found = await finding(host, 'PD411');
    expect(found.what).toBe(`nothing starts the daemon of www-data in ${WEB} at boot`);
    await typed(host, found);
    await runsInUnit(host, ['myapp']);
    expect(await codes(host)).toEqual([]);
    await host.must(`systemctl disable ${UNIT}`);
    expect(await typed(host, await finding(host, 'PD411'))).toEqual([`sudo systemctl enable ${UNIT}`]);
    await host.reboot();
    await runsInUnit(host, ['myapp']);
  });
});
