import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp], operators: [carol] }
`;
/** As Debian ships sudo since 1.9.17p2-6. */
const SECURE_PATH = 'Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\n';

/** Every command of ours in a text that begins with a program that becomes root. */
function printedIn({ stdout, stderr }: { stdout: string; stderr: string }): string[] {
  const found = `${stdout}\n${stderr}`.matchAll(/(?:sudo|doas|run0) \S*pm2-guard [^\n]*/g);
  return [...found].map(([line]) => line.replace(/ {3}\(.*$|; .*$/, ''));
}

describeOnHost('commands that are printed to be typed as root', () => {
  let host: Host;
  let installed: string[];
  const asked = ['pm2-guard status', 'pm2-guard verify', 'pm2-guard doctor', 'pm2-guard sudoers --check'];

  beforeAll(async () => {
    host = await createHost({ users: ['carol'] });
    // Read after ours, so that our own file has no effect.
    await host.write('/etc/sudoers.d/zz', SECURE_PATH, { mode: '440' });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    installed = printedIn(await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs install'));
  });
  afterAll(() => host.dispose());

  it('name the command by its path where sudo does not search it', async () => {
    expect(await host.run('sudo pm2-guard status', { user: 'deploy' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('command not found') as string,
    });
    const said = [...installed];
    for (const call of asked)
      for (const user of ['root', 'carol']) said.push(...printedIn(await host.run(call, { user })));
    const blocked = await host.run('pm2 restart myapp', { user: 'carol' });
    expect(blocked.status).toBe(126);
    said.push(...printedIn(blocked));
    await host.write('/etc/pm2-guard/config.yaml', 'daemons: 7\n');
    said.push(...printedIn(await host.run('pm2 restart myapp', { user: 'carol' })));
    said.push(...printedIn(await host.run('pm2-guard explain -- pm2 list', { user: 'carol' })));
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);

    const commands = [...new Set(said)];
    const verbs = new Set(commands.map((line) => line.split(' ')[2]));
    expect([...verbs].sort()).toEqual(['check', 'install', 'seal', 'sudoers', 'verify']);
    for (const line of commands) {
      expect(line).toMatch(/^sudo \/usr\/local\/bin\/pm2-guard /);
      const typed = await host.run(line, { user: 'deploy', timeoutMs: 60_000 });
      expect(typed.stderr, line).not.toMatch(/command not found|unknown (command|option)/);
    }
    // sudoers --write was among them.
    expect(await host.run('sudo -n -u www-data /usr/local/lib/pm2-guard/bin/pm2 -v', { user: 'carol' })).toMatchObject({
      status: 0,
    });
  });

  it('are short again once sudo finds the command, for users too', async () => {
    await host.must('rm /etc/sudoers.d/zz /etc/sudoers.d/pm2-guard-operators && pm2-guard check');
    const { stderr } = await host.run('pm2-guard sudoers --check', { user: 'carol' });
    expect(printedIn({ stdout: '', stderr })).toEqual(['sudo pm2-guard sudoers --write']);
    expect(await host.run('sudo pm2-guard sudoers --write', { user: 'deploy' })).toMatchObject({ status: 0 });
  });

  it('begin with doas where there is no sudo', async () => {
    await host.must('rm -f /etc/sudoers.d/pm2-guard-operators && mv /usr/bin/sudo /usr/bin/sudo.away');
    await host.write('/etc/doas.conf', 'permit nopass deploy as root\n', { mode: '400' });
    await host.must('pm2-guard check');
    const lines = printedIn(await host.run('pm2-guard uninstall', { user: 'deploy' }));
    expect(lines).toEqual(['doas /usr/local/bin/pm2-guard uninstall']);
    expect(await host.run(lines[0] ?? '', { user: 'deploy' })).toMatchObject({ status: 0 });
  });
});
