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

  it('name the shim by its path, where sudo finds no pm2: one line that works', async () => {
    // npm's prefix is none that this sudo searches.
    await host.must('rm /usr/bin/pm2; pm2-guard check');
    const site = '/var/www/html/myapp/public_html';
    await host.must(`/usr/local/lib/pm2-guard/bin/pm2 start server.js --name myapp`, { user: 'www-data', cwd: site });
    await host.write('/etc/pm2-guard/config.yaml', `mode: block\n${CONFIG}`);
    const plain = 'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp';
    const away = { user: 'deploy', cwd: '/' };
    expect((await host.run(plain, away)).stderr).toContain('command not found');
    const { stderr } = await host.run('pm2 restart myapp');
    const [, line = ''] = /^ {2}run: +(.*)$/m.exec(stderr) ?? [];
    expect(line).toBe(plain.replace(' pm2 ', ' /usr/local/lib/pm2-guard/bin/pm2 '));
    expect(await host.run(line, away)).toMatchObject({ status: 0 });
    expect(await host.apps('/var/www/.pm2')).toMatchObject([{ name: 'myapp', restarts: 1 }]);
    const { findings } = JSON.parse((await host.run('pm2-guard doctor --json')).stdout) as {
      findings: { repair: string[][] }[];
    };
    const saves = findings.flatMap(({ repair }) => repair).filter((words) => words.at(-1) === 'save');
    expect(saves.map((words) => words.join(' '))).toEqual([
      'sudo -u www-data env PM2_HOME=/var/www/.pm2 /usr/local/lib/pm2-guard/bin/pm2 save',
    ]);
    expect(await host.exec(saves[0] ?? [], away)).toMatchObject({ status: 0 });
    expect(await host.exists('/var/www/.pm2/dump.pm2')).toBe(true);
  });

  it('are short again once sudo finds the command, for users too', async () => {
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must('ln -s ../lib/node_modules/pm2/bin/pm2 /usr/bin/pm2');
    await host.must('rm /etc/sudoers.d/zz /etc/sudoers.d/pm2-guard-operators && pm2-guard check');
    const { stderr } = await host.run('pm2-guard sudoers --check', { user: 'carol' });
    expect(printedIn({ stdout: '', stderr })).toEqual(['sudo pm2-guard sudoers --write']);
    expect(await host.run('sudo pm2-guard sudoers --write', { user: 'deploy' })).toMatchObject({ status: 0 });
  });

  it('begin with doas where there is no sudo', async () => {
    await host.must('rm -f /etc/sudoers.d/pm2-guard-operators && mv /usr/bin/sudo /usr/bin/sudo.away');
    await host.write('/etc/doas.conf', 'permit nopass deploy\n', { mode: '400' });
    await host.must('pm2-guard check');
    await host.write('/etc/pm2-guard/config.yaml', `mode: block\n${CONFIG}`);
    const [, blocked = ''] = /^ {2}run: +(.*)$/m.exec((await host.run('pm2 restart myapp')).stderr) ?? [];
    expect(blocked).toBe('doas -u www-data env PM2_HOME=/var/www/.pm2 /usr/local/lib/pm2-guard/bin/pm2 restart myapp');
    expect(await host.run(blocked, { user: 'deploy', cwd: '/' })).toMatchObject({ status: 0 });
    expect(await host.apps('/var/www/.pm2')).toMatchObject([{ name: 'myapp', restarts: 2 }]);
    const lines = printedIn(await host.run('pm2-guard uninstall', { user: 'deploy' }));
    expect(lines).toEqual(['doas /usr/local/bin/pm2-guard uninstall']);
    expect(await host.run(lines[0] ?? '', { user: 'deploy' })).toMatchObject({ status: 0 });
  });
});
