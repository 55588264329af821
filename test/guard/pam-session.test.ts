import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';

/** A service with a PAM session, as run0 and units with PAMName= have one; its output is a pipe. */
const session = (command: string) => `systemd-run --wait --pipe --quiet -p PAMName=login -p User=root ${command}`;
const sessions = 'loginctl --no-legend list-sessions | wc -l';
/** Of services: a user's manager, which a session starts, has one too. */
const helpers = (host: SystemdHost) => {
  const all = host.processes();
  const managers = all.filter(({ command }) => command.includes('systemd --user')).map(({ pid }) => pid);
  return all.filter(({ command, parent }) => command.includes('(sd-pam)') && !managers.includes(parent));
};

describeOnHost("root's call in a service with a PAM session", () => {
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost();
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE, env: { PM2_HOME: WEB } });
  });
  afterAll(() => host.dispose());

  it("plain: systemd's helper ends with the service, unless the service's process became another user", async () => {
    expect((await host.run(`${session('/usr/bin/id -u')} | cat`)).stdout).toBe('0\n');
    await expect.poll(() => helpers(host)).toEqual([]);
    const other = session('/usr/bin/setpriv --reuid 33 --regid 33 --init-groups -- /usr/bin/id -u');
    await expect(host.run(`timeout 5 ${other} | cat`, { timeoutMs: 4000 })).rejects.toThrow(/still running/);
    const left = helpers(host).map(({ pid }) => pid);
    expect(left).toHaveLength(1);
    await host.must('systemctl stop "run-*.service"; pkill -KILL -u root -f "^[(]sd-pam[)]" || true');
    await expect.poll(() => helpers(host)).toEqual([]);
  });

  it('guarded: it ends, with its status and its output, and leaves no session behind', async () => {
    await host.installGuard(CONFIG);
    const list = await host.run(`${session('/usr/local/bin/pm2 jlist')} | cat`, { timeoutMs: 20_000 });
    expect(JSON.parse(list.stdout)).toMatchObject([{ name: 'myapp' }]);
    const restarted = await host.run(session('/usr/local/bin/pm2 restart myapp'), { timeoutMs: 20_000 });
    expect([restarted.status, restarted.stderr]).toEqual([
      0,
      expect.stringContaining('rewritten: "pm2 restart myapp"'),
    ]);
    const gone = await host.run(session('/usr/local/bin/pm2 restart nothing'), { timeoutMs: 20_000 });
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('Process or Namespace nothing not found')]);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online' }]);
    await expect.poll(async () => [helpers(host), (await host.must(sessions)).trim()]).toEqual([[], '0']);
  });
});
