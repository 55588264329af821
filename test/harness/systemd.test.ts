import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from './describe.ts';
import { systemdHost, type SystemdHost } from './systemd.ts';

const SITE = '/var/www/html/myapp/public_html';
const UNIT = 'pm2-www-data.service';

describeOnHost('a host with a real systemd', () => {
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost();
  });
  afterAll(() => host.dispose());
  const says = async (commandLine: string) => (await host.must(commandLine)).trim();
  const daemon = () => host.daemons().find(({ home }) => home === '/var/www/.pm2');

  it('has systemd as its first process, and no failed unit', async () => {
    expect(await says('cat /proc/1/comm; systemctl is-system-running; systemctl list-units --failed --no-legend')).toBe(
      'systemd\nrunning',
    );
  });

  it('gives a login a session and a control group of its own, and a command none', async () => {
    const { stdout } = await host.session(
      'deploy',
      'id -un; sed -n s/^0:://p /proc/self/cgroup; loginctl --no-legend list-sessions',
    );
    expect(stdout).toMatch(/^deploy\n\/user\.slice\/user-\d+\.slice\/session-c?\d+\.scope\n *c?\d+ +\d+ deploy /);
    expect(await says('sed -n s/^0:://p /proc/self/cgroup')).toBe('/outside');
    expect((await host.session('deploy', 'exit 7')).status).toBe(7);
  });

  it('brings up what pm2 startup enabled, after a reboot and after a power failure', async () => {
    await host.must('pm2 start server.js --name myapp && pm2 save', { user: 'www-data', cwd: SITE });
    await host.must('pm2 startup systemd -u www-data --hp /var/www');
    for (const again of [() => host.reboot(), () => host.powerFailure()]) {
      await again();
      expect(await host.unit(UNIT)).toMatchObject({
        ActiveState: 'active',
        UnitFileState: 'enabled',
        MainPID: String(daemon()?.pid),
      });
      expect(await host.cgroup(daemon()?.pid ?? 0)).toBe(`/system.slice/${UNIT}`);
      await expect.poll(() => host.apps('/var/www/.pm2')).toMatchObject([{ name: 'myapp', uid: 33, status: 'online' }]);
    }
  });

  it('keeps its journal over a reboot, one boot apart from the other', async () => {
    await host.must('logger -t tests before');
    await host.reboot();
    expect(await says('journalctl -q -o cat -t tests -b -1; journalctl -q -o cat -t tests -b 0')).toBe('before');
  });

  it('is off until it is switched on', async () => {
    await host.powerOff();
    expect(() => host.processes()).toThrow();
    await host.powerOn();
    expect(await says('cat /proc/1/comm')).toBe('systemd');
  });
});

describeOnHost('the end of a host with a real systemd', () => {
  /** Processes below a process, and the control groups of hosts. */
  const below = (pid: string): string[] => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((child) => child !== '');
    return [pid, ...children.flatMap(below)];
  };
  const groupOf = (pid: number) =>
    /^0::(\/pm2-guard-host-\w+)/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  const groups = () =>
    ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].flatMap((root) => {
      try {
        return readdirSync(root);
      } catch {
        return [];
      }
    });

  it('comes with dispose: no process is left, and no control group', async () => {
    const host = await systemdHost({ pm2: null });
    const [namespace, group] = [namespaceOf(host.init), groupOf(host.init)];
    expect(groups()).toContain(group.slice(1));
    await host.dispose();
    expect(inside(namespace)).toEqual([]);
    expect(groups()).not.toContain(group.slice(1));
  });

  it('comes when the tests are killed', async () => {
    const script = `require('${import.meta.dirname}/systemd.ts').systemdHost({ pm2: null })
      .then((host) => { console.log(host.init); setInterval(() => {}, 1000); })`;
    const runner = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const init = Number(
      await new Promise<string>((resolve) =>
        runner.stdout.once('data', (chunk: Buffer) => {
          resolve(chunk.toString());
        }),
      ),
    );
    const [namespace, group, processes] = [namespaceOf(init), groupOf(init), below(String(runner.pid))];
    expect(processes.length).toBeGreaterThan(5);
    runner.kill('SIGKILL');
    await expect.poll(() => inside(namespace)).toEqual([]);
    await expect.poll(() => groups()).not.toContain(group.slice(1));
  });
});

function inside(namespace: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(Number(pid)) === namespace);
}

/** Empty where the process has ended. */
function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}
