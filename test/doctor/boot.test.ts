import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { SITE, WEB } from '../traps/twins.ts';
import { codes, finding, findings, repair } from './doctor.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = `default: web
daemons:
  web: { user: www-data, home: ${WEB}, apps: [myapp] }
  ops: { user: ops, apps: [job] }
  alice: { user: alice }
`;
const UNITS = '/etc/systemd/system';

describeOnHost('what starts at boot', () => {
  let host: Host;
  /** `pm2 startup` as an administrator types it, with the real pm2; and the link that systemctl enable makes. */
  const startup = async (words: string, name: string) => {
    await host.must(`PM2_GUARD=off pm2 startup systemd ${words}`);
    await host.must(
      `mkdir -p ${UNITS}/multi-user.target.wants && ln -sf ../${name} ${UNITS}/multi-user.target.wants/${name}`,
    );
  };
  const retired = (name: string) => host.must(`rm -f ${UNITS}/${name} ${UNITS}/multi-user.target.wants/${name}`);
  const boot = async () => (await codes(host)).filter((code) => code.startsWith('PD4'));
  beforeAll(async () => {
    host = await createHost();
    await host.standInSystemctl();
    await host.installGuard(CONFIG);
    await host.write('/srv/job.js', 'setInterval(() => {}, 1e6);\n');
    await host.must('pm2 start server.js --name myapp && pm2 save', {
      user: 'www-data',
      cwd: SITE,
      env: { PM2_HOME: WEB },
    });
    await host.must('pm2 start /srv/job.js && pm2 save', { user: 'ops' });
    await startup('-u www-data --hp /var/www', 'pm2-www-data.service');
  });
  afterAll(() => host.dispose());

  it('a unit that is right yields nothing', async () => {
    expect(await boot()).toEqual([]);
  });

  it("T25: startup -u without --hp: another user's home", async () => {
    await startup('-u ops', 'pm2-ops.service');
    expect(await host.read(`${UNITS}/pm2-ops.service`)).toContain('PM2_HOME=/root/.pm2');
    const found = await finding(host, 'PD401');
    expect(found).toMatchObject({
      trap: 'T25',
      evidence: [
        `${UNITS}/pm2-ops.service: User=ops`,
        `${UNITS}/pm2-ops.service: PM2_HOME=/root/.pm2`,
        "that PM2_HOME is root's",
      ],
    });
    await repair(host, found);
    expect(await host.read(`${UNITS}/pm2-ops.service`)).toContain('PM2_HOME=/home/ops/.pm2');
    expect(await boot()).toEqual([]);
  });

  it("T25, the other way: root in a user's home", async () => {
    await startup('-u root --hp /home/alice', 'pm2-root.service');
    expect(await finding(host, 'PD401')).toMatchObject({
      what: "pm2-root.service starts root's daemon in the PM2_HOME of alice",
    });
    await repair(host, await finding(host, 'PD401'));
    expect(await host.exists(`${UNITS}/pm2-root.service`)).toBe(false);
    await retired('pm2-alice.service');
    expect(await boot()).toEqual([]);
  });

  it('T23: two units bring the same app back', async () => {
    await host.must(
      'PM2_GUARD=off pm2 start server.js --name myapp && PM2_GUARD=off pm2 start /srv/job.js --name other && ' +
        'PM2_GUARD=off pm2 save',
      { cwd: SITE },
    );
    await startup('-u root --hp /root', 'pm2-root.service');
    expect(await finding(host, 'PD405')).toMatchObject({
      trap: 'T23',
      subject: { home: '/root/.pm2', app: 'myapp' },
      evidence: expect.arrayContaining([
        containing(`${UNITS}/pm2-root.service is enabled: /root/.pm2/dump.pm2, as root, has myapp`),
      ]) as string[],
    });
    expect(await finding(host, 'PD409')).toMatchObject({
      evidence: [
        `${UNITS}/pm2-root.service is enabled: root in /root/.pm2`,
        containing('/etc/pm2-guard/config.yaml declares'),
      ],
    });
    await host.must('PM2_GUARD=off pm2 delete myapp && PM2_GUARD=off pm2 save');
    expect(await boot()).toEqual(['PD409']);
    await repair(host, await finding(host, 'PD409'));
    expect(await boot()).toEqual([]);
  });

  it('T23: the same name on purpose is no fault', async () => {
    await host.must('pm2 start /srv/job.js --name myapp && pm2 save', { user: 'alice', env: { PM2_GUARD: 'off' } });
    await startup('-u alice --hp /home/alice', 'pm2-alice.service');
    expect(await boot()).toEqual([]);
    await host.must('pm2 kill', { user: 'alice' });
    await retired('pm2-alice.service');
  });

  it('T24: a unit of a former daemon, enabled and not', async () => {
    await host.must(
      'PM2_GUARD=off pm2 delete all; PM2_GUARD=off pm2 start server.js --name myapp && PM2_GUARD=off pm2 save ' +
        '--force && PM2_GUARD=off pm2 kill',
      { cwd: SITE },
    );
    await startup('-u root --hp /root', 'pm2-root.service');
    expect(await finding(host, 'PD406')).toMatchObject({
      urgency: 'wrong',
      trap: 'T24',
      evidence: [
        containing('pm2-root.service is enabled; no daemon lives in /root/.pm2'),
        `they run as www-data in ${WEB}`,
      ],
    });
    await host.must(`rm ${UNITS}/multi-user.target.wants/pm2-root.service`);
    expect(await finding(host, 'PD406')).toMatchObject({ urgency: 'untidy' });
    await host.must('cp dump.pm2 dump.pm2.bak', { cwd: '/root/.pm2' });
    await repair(host, await finding(host, 'PD406'));
    expect(await boot()).toEqual([]);
    expect(await host.exists('/root/.pm2/dump.pm2.old')).toBe(true);
    // PM2 would start the backup where dump.pm2 is missing.
    await host.run('PM2_GUARD=off pm2 resurrect');
    expect(await host.apps('/root/.pm2')).toEqual([]);
    await host.must('PM2_GUARD=off pm2 kill');
  });

  it('T28: @reboot in a crontab, and a unit', async () => {
    await host.write(
      '/var/spool/cron/crontabs/ops',
      '# m h dom mon dow command\nPATH=/usr/local/bin:/usr/bin:/bin\n\n@reboot pm2 resurrect\n' +
        '@reboot su - "$WHO" -c "pm2 resurrect"\n', // for a daemon that is not known
      { owner: 'ops', mode: '600' },
    );
    expect(await finding(host, 'PD408')).toMatchObject({
      trap: 'T28',
      evidence: ['/var/spool/cron/crontabs/ops:4: ops runs pm2 resurrect', `${UNITS}/pm2-ops.service is enabled`],
    });
    await repair(host, await finding(host, 'PD408'));
    expect(await host.read('/var/spool/cron/crontabs/ops')).toContain('\n# @reboot pm2 resurrect\n');
    expect(await boot()).toEqual([]);
    await host.must("sed -i '$d' /var/spool/cron/crontabs/ops");
  });

  it("T05: a watchdog of root's in cron goes round the guard, and is led to it", async () => {
    await host.write(
      '/etc/cron.d/watchdog',
      'MAILTO=""\n*/5 * * * * root cd /var/www/html && /usr/bin/pm2 restart myapp || pm2 start server.js --name ' +
        'myapp\n',
    );
    expect(await finding(host, 'PD409')).toMatchObject({
      trap: 'T05',
      evidence: [
        containing('/etc/cron.d/watchdog:2: cd /var/www/html &&'),
        containing("cron's PATH is /usr/bin:/bin; the daemon would be root's in /root/.pm2"),
        containing('declares'),
      ],
    });
    await repair(host, await finding(host, 'PD409'));
    expect(await host.read('/etc/cron.d/watchdog')).toContain(
      'cd /var/www/html && /usr/local/lib/pm2-guard/bin/pm2 restart myapp || /usr/local/lib/pm2-guard/bin/pm2 ' +
        'start server.js --name myapp\n',
    );
    expect(await boot()).toEqual([]);
  });

  it('T27: a user with dots, whom this systemd takes, and one that does not exist', async () => {
    await host.must('useradd -m --badname shop.example.com');
    await startup('-u shop.example.com --hp /home/shop.example.com', 'pm2-shop.example.com.service');
    await host.write('/etc/pm2-guard/config.yaml', `${CONFIG}exempt: [shop.example.com]\n`);
    await host.must(
      'mkdir /home/shop.example.com/.pm2 && echo "[]" > /home/shop.example.com/.pm2/dump.pm2 && chown -R ' +
        'shop.example.com: /home/shop.example.com/.pm2',
    );
    // Older versions: test/doctor/unit-user.test.ts.
    expect(await boot()).toEqual([]);
    await host.must(`sed -i s/^User=.*/User=undefined/ ${UNITS}/pm2-shop.example.com.service`);
    expect(await finding(host, 'PD407')).toMatchObject({
      what: containing('does not exist'),
      evidence: [containing('User=undefined'), 'there is no account undefined on this host'],
    });
    await retired('pm2-shop.example.com.service');
  });

  it('a unit whose pm2 and node are gone, one without a list, one with another pid file, one home twice', async () => {
    await startup('-u alice --hp /home/alice', 'pm2-alice.service');
    await host.must('mv dump.pm2 dump.pm2.bak', { user: 'alice', cwd: '/home/alice/.pm2' });
    expect(await boot()).not.toContain('PD402');
    await host.must(
      'rm -f /home/alice/.pm2/dump.pm2*; sed -i ' +
        `'s#^ExecStart=.*#ExecStart=/home/alice/.nvm/versions/node/v16.0.0/bin/pm2 resurrect#; ` +
        's#^Environment=PATH=.*#Environment=PATH=/home/alice/.nvm/versions/node/v16.0.0/bin#; ' +
        `s#^PIDFile=.*#PIDFile=/run/pm2.pid#' ${UNITS}/pm2-alice.service`,
    );
    expect(await boot()).toEqual(['PD402', 'PD403', 'PD410']);
    expect(await finding(host, 'PD402')).toMatchObject({
      evidence: [`${UNITS}/pm2-alice.service is enabled`, 'there is no /home/alice/.pm2/dump.pm2, and no daemon'],
    });
    expect(await finding(host, 'PD403')).toMatchObject({
      evidence: [
        containing('/home/alice/.nvm/versions/node/v16.0.0/bin/pm2 is not there'),
        containing('there is no node in its PATH'),
      ],
    });
    expect(await finding(host, 'PD410')).toMatchObject({
      evidence: [containing('PIDFile=/run/pm2.pid'), 'the daemon writes /home/alice/.pm2/pm2.pid'],
    });
    await repair(host, await finding(host, 'PD410'));
    await repair(host, await finding(host, 'PD403'));
    expect(await boot()).toEqual(['PD402']);
    await repair(host, await finding(host, 'PD402'));
    expect(await boot()).toEqual([]);

    await startup('-u ops --hp /home/ops --service-name apps', 'apps.service');
    expect(await finding(host, 'PD404')).toMatchObject({
      trap: 'T23',
      evidence: [`${UNITS}/apps.service: as ops`, `${UNITS}/pm2-ops.service: as ops`],
    });
    await repair(host, await finding(host, 'PD404'));
    expect(await boot()).toEqual([]);
  });

  it('T23: an init script of a former daemon, made by pm2 startup upstart', async () => {
    // its chkconfig or update-rc.d may be missing here
    await host.run('PM2_GUARD=off pm2 startup upstart -u ops --hp /home/ops');
    await host.must(
      'chmod +x /etc/init.d/pm2-ops; mkdir -p /etc/rc3.d && ln -sf ../init.d/pm2-ops /etc/rc3.d/S01pm2-ops',
    );
    // systemd passes over a script that has a unit of its name (systemd-sysv-generator(8)).
    expect(await boot()).toEqual([]);
    await host.must('mv /etc/init.d/pm2-ops /etc/init.d/pm2 && mv /etc/rc3.d/S01pm2-ops /etc/rc3.d/S01pm2');
    expect(await finding(host, 'PD404')).toMatchObject({
      evidence: [`${UNITS}/pm2-ops.service: as ops`, '/etc/init.d/pm2: as ops'],
    });
    await repair(host, await finding(host, 'PD404'));
    expect(await boot()).toEqual([]);
  });

  it('T28: pm2 resurrect in rc.local, and a unit', async () => {
    const lines = ['#!/bin/sh', 'if [ -x /usr/bin/pm2 ]; then', "  su - ops -c 'pm2 resurrect'", 'fi', 'exit 0', ''];
    await host.write('/etc/rc.local', lines.join('\n'), { mode: '755' });
    expect(await finding(host, 'PD404')).toMatchObject({
      evidence: [`${UNITS}/pm2-ops.service: as ops`, '/etc/rc.local:3: as ops'],
    });
    await repair(host, await finding(host, 'PD404'));
    await host.must('sh -n /etc/rc.local && /etc/rc.local');
    expect(await boot()).toEqual([]);
  });

  it("a user's own unit", async () => {
    await host.must(
      'mkdir -p ~/.config/systemd/user/default.target.wants && cd ~/.config/systemd/user && printf ' +
        '"[Service]\\nExecStart=/usr/bin/pm2 resurrect\\n" > pm2.service && ln -s ../pm2.service default.target.wants/',
      { user: 'ops' },
    );
    const found = await finding(host, 'PD404');
    expect(found.evidence).toEqual([
      `${UNITS}/pm2-ops.service: as ops`,
      '/home/ops/.config/systemd/user/pm2.service: as ops',
    ]);
    expect((await findings(host)).filter(({ code }) => code.startsWith('PD4'))).toHaveLength(1);
  });
});
