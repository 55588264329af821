import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { examined, finding, SHOP, typed } from './scene.ts';

/** Units that people write by hand. `%` is the user, `#` its uid. */
const ONESHOT = 'Type=oneshot\nRemainAfterExit=yes\n';
const FORKING = 'Type=forking\nUser=%\n';
const UNITS = {
  login: `${ONESHOT}ExecStart=/bin/su - % -c "pm2 resurrect"\nExecStop=/bin/su - % -c "pm2 kill"`,
  runuser: `${ONESHOT}ExecStart=/usr/sbin/runuser -u % -- /usr/bin/pm2 resurrect`,
  sudo: `${ONESHOT}Environment=PM2_HOME=/srv/lost\nExecStart=/usr/bin/sudo -nu % pm2 resurrect`,
  env: `${FORKING}ExecStart=/usr/bin/env PM2_HOME=/home/%/.pm2 /usr/bin/pm2 resurrect`,
  shell: `${FORKING}ExecStart=/bin/sh -c 'cd /srv; export PM2_HOME=$HOME/.pm2; pm2 resurrect'`,
  dropin: 'Type=forking\nUser=nobody\nEnvironment=PM2_HOME=/nonexistent/.pm2\nExecStart=/usr/bin/pm2 resurrect',
  number: `${FORKING.replace('%', '#')}PIDFile=/home/%/.pm2/pm2.pid\nExecStart=/usr/bin/pm2 resurrect`,
  runtime: `User=%\nExecStart=/usr/bin/pm2-runtime start ${SHOP} --name app-runtime`,
  oneshot: `${ONESHOT}User=%\nExecStart=/usr/bin/pm2 resurrect\nExecStop=/usr/bin/pm2 kill`,
  // Root's own reader of units does not know the machine's id: systemd is asked.
  machine: `${FORKING}Environment=PM2_HOME=/srv/%m-%/.pm2\nExecStart=/usr/bin/pm2 resurrect`,
} as const;
const CLEAR = [...Object.keys(UNITS), 'instance'];
/** Here it is not known whose daemon they start. */
const UNCLEAR = {
  script: `${FORKING}ExecStart=/srv/start-apps`,
  source: `${FORKING}ExecStart=/bin/sh -c '. /srv/env; pm2 resurrect'`,
} as const;
const WAYS = [...CLEAR, ...Object.keys(UNCLEAR)];

describeOnHost('units that start pm2 in a roundabout way', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  let machine = '';
  /** A user for each unit. */
  const named = (way: string) => `by-${way}`;
  const pm2Home = (way: string) => (way === 'machine' ? `/srv/${machine}-by-machine/.pm2` : `/home/by-${way}/.pm2`);
  const unitOf = (way: string) => (way === 'instance' ? 'apps@by-instance.service' : `apps-${way}.service`);
  const write = (name: string, text: string) =>
    host.write(`/etc/systemd/system/${name}`, `[Service]\n${text}\n[Install]\nWantedBy=multi-user.target\n`);

  beforeAll(async () => {
    host = await systemdHost({ users: WAYS.map(named), startTimeout: '20s' });
    machine = (await host.read('/etc/machine-id')).trim();
    const daemons = WAYS.map((way) => `  ${way}: { user: ${named(way)}, home: ${pm2Home(way)}, apps: [app-${way}] }\n`);
    await host.installGuard(`daemons:\n${daemons.join('')}`);
    await host.write(SHOP, 'setInterval(() => {}, 1e6);\n');
    // Each has the saved list of the first user, with its own name and paths.
    await host.must(`pm2 start ${SHOP} --cwd /srv --name app-login && pm2 save && pm2 kill`, { user: 'by-login' });
    const dump = await host.read('/home/by-login/.pm2/dump.pm2');
    for (const way of WAYS.slice(1)) {
      const list = dump.replaceAll('/home/by-login/.pm2', pm2Home(way)).replaceAll('by-login', named(way));
      const saved = way === 'runtime' ? '[]' : list.replaceAll('app-login', `app-${way}`);
      const [own, owner] = [pm2Home(way), named(way)];
      await host.must(`install -d -o ${owner} -g ${owner} ${dirname(own)} ${own}`, { cwd: '/' });
      await host.write(`${own}/dump.pm2`, saved, { owner });
    }
    for (const [way, text] of Object.entries({ ...UNITS, ...UNCLEAR })) {
      const filled = text.replace('User=#', `User=${host.account(named(way)).uid}`).replace(/%(?!m)/g, named(way));
      await write(unitOf(way), filled);
    }
    await write('apps@.service', 'Type=forking\nUser=%i\nExecStart=/usr/bin/pm2 resurrect');
    await host.write(
      '/etc/systemd/system/apps-dropin.service.d/10.conf',
      '[Service]\nUser=by-dropin\nEnvironment=\nEnvironment=PM2_HOME=/home/by-dropin/.pm2\n',
    );
    await host.write('/srv/start-apps', '#!/bin/sh\nexec pm2 resurrect\n', { mode: '755' });
    await host.write('/srv/env', 'NODE_ENV=production\n');
    await host.must(`systemctl daemon-reload; systemctl enable ${WAYS.map(unitOf).join(' ')}`);
    await host.reboot();
  }, 180_000);
  afterAll(() => host.dispose());

  const online = (way: string) =>
    expect
      .poll(
        async () => (await host.apps(pm2Home(way))).map(({ name, uid, status }) => `${name} ${uid ?? ''} ${status}`),
        { timeout: 30_000 },
      )
      .toEqual([`app-${way} ${host.account(named(way)).uid} online`]);

  it('plain pm2: after the reboot each app runs; through su, in a session and not in the unit', async () => {
    for (const way of WAYS) await online(way);
    for (const way of WAYS) {
      const { pid, uid } = host.daemons().find(({ home }) => home === pm2Home(way)) ?? { pid: 0, uid: 0 };
      expect([way, uid]).toEqual([way, host.account(named(way)).uid]);
      expect(await host.cgroup(pid)).toMatch(way === 'login' ? /\/session-c\d+\.scope$/ : `/${unitOf(way)}`);
    }
  });

  it('doctor names the unit of each daemon, or says that it is unclear, and has no PD411', async () => {
    const { daemons, findings } = await examined(host);
    expect(Object.fromEntries(daemons.map(({ name, unit }) => [name, unit?.name ?? null]))).toEqual({
      ...Object.fromEntries(CLEAR.map((way) => [way, unitOf(way)])),
      script: null,
      source: null,
    });
    expect(daemons.flatMap(({ unclear }) => unclear)).toEqual(['apps-script.service', 'apps-source.service']);
    expect(findings.map(({ code, subject }) => `${code} ${subject.home ?? ''}`)).toEqual([
      'PD111 /home/by-login/.pm2',
    ]);
    expect((await host.run('pm2-guard doctor')).stdout).toContain(
      'perhaps booted by apps-script.service, which is unclear',
    );
  });

  it('PD411: a unit that is not enabled is told by each of these ways', async () => {
    const told = CLEAR.filter((way) => way !== 'instance');
    await host.must(`systemctl disable ${told.map(unitOf).join(' ')}`);
    const found = (await examined(host)).findings.filter(({ code }) => code === 'PD411');
    expect(found.map(({ repair }) => repair[0]?.join(' ')).sort()).toEqual(
      told.map((way) => `sudo systemctl enable ${unitOf(way)}`).sort(),
    );
    await host.must(`systemctl enable ${told.map(unitOf).join(' ')}`);
  });

  it('T46: a unit that is active without its daemon is started again', async () => {
    const pm2 = '/usr/bin/pm2';
    for (const way of ['oneshot', 'sudo']) {
      await host.must(`${pm2} kill`, { user: named(way) });
      expect((await host.unit(unitOf(way))).ActiveState).toBe('active');
    }
    expect(await typed(host, await finding(host, 'PD115'))).toEqual(['sudo systemctl restart apps-oneshot.service']);
    await online('oneshot');
    const { stderr, status } = await host.session('deploy', 'sudo pm2 restart app-sudo', { timeoutMs: 60_000 });
    expect([status, stderr]).toEqual([0, expect.stringContaining('its unit was started (apps-sudo.service)')]);
    await online('sudo');
  });

  it('PD111: a daemon that su takes out of its unit moves into one of PM2', async () => {
    const found = await finding(host, 'PD111');
    expect(found.why).toContain('ExecStart= goes through su');
    await typed(host, found);
    await online('login');
    expect((await examined(host)).findings).toEqual([]);
    const { pid = 0 } = host.daemons().find(({ home }) => home === pm2Home('login')) ?? {};
    expect(await host.cgroup(pid)).toBe('/system.slice/pm2-by-login.service');
    expect(await host.exists('/etc/systemd/system/apps-login.service')).toBe(false);
  });
});
