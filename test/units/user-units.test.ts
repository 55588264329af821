import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { examined, finding, SHOP, typed } from './scene.ts';

const HOME = '/home/ops/.pm2';
const UNIT_FILE = `[Unit]
Description=PM2 of %u

[Service]
Type=forking
Environment="PM2_HOME=%h/.pm2" PATH=/usr/local/bin:/usr/bin:/bin
PIDFile=%h/.pm2/pm2.pid
ExecStart=/usr/bin/pm2 resurrect
ExecReload=/usr/bin/pm2 reload all
ExecStop=/usr/bin/pm2 kill

[Install]
WantedBy=default.target
`;

describeOnHost("a unit of a user's own manager, written with %h", () => {
  vi.setConfig({ testTimeout: 180_000 });
  let host: SystemdHost;
  const systemctl = (words: string) =>
    host.must(`XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user ${words}`, { user: 'ops', cwd: '/' });
  const codes = async () => (await examined(host)).findings.map(({ code }) => code);
  const runs = async () => {
    await expect
      .poll(async () => (await host.apps(HOME)).map(({ name, status }) => `${name} ${status}`), { timeout: 30_000 })
      .toEqual(['shop online']);
    const [daemon] = host.daemons();
    expect(await host.cgroup(daemon?.pid ?? 0)).toMatch(/user@\d+\.service\/app\.slice\/pm2\.service$/);
  };

  beforeAll(async () => {
    host = await systemdHost();
    await host.installGuard('daemons:\n  ops: { user: ops, apps: [shop] }\n');
    await host.write(SHOP, 'setInterval(() => {}, 1e6);\n');
    await host.must(`pm2 start ${SHOP} --cwd /srv && pm2 save && pm2 kill`, { user: 'ops' });
    await host.must('mkdir -p ~/.config/systemd/user', { user: 'ops' });
    await host.write('/home/ops/.config/systemd/user/pm2.service', UNIT_FILE, { owner: 'ops' });
    await host.must('loginctl enable-linger ops && systemctl start user@$(id -u ops)', { cwd: '/' });
    await systemctl('enable --now pm2.service');
  });
  afterAll(() => host.dispose());

  it('yields no finding, before and after a reboot', async () => {
    await runs();
    expect(await codes()).toEqual([]);
    await host.reboot();
    await runs();
    expect(await codes()).toEqual([]);
  });

  it('that is stopped is what starts the daemon', async () => {
    await systemctl('stop pm2.service');
    expect(host.daemons()).toEqual([]);
    const down = await finding(host, 'PD115');
    expect(await typed(host, down)).toEqual(['sudo systemctl --user -M ops@ start -- pm2.service']);
    await runs();
    expect(await codes()).toEqual([]);
  });

  it('PD413: does not start at boot without lingering; the repair makes it', async () => {
    await host.must('loginctl disable-linger ops', { cwd: '/' });
    await host.reboot();
    expect(host.daemons()).toEqual([]);
    expect(await codes()).toEqual(expect.arrayContaining(['PD413', 'PD115']));
    expect(await typed(host, await finding(host, 'PD413'))).toEqual(['sudo loginctl enable-linger ops']);
    await runs();
    expect(await codes()).toEqual([]);
  });
});
