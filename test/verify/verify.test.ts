import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from '../install/snapshot.ts';
import { joined } from '../regex.ts';
import { verified, wayOf } from './verification.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = `default: web
daemons:
  web: {user: www-data, home: /var/www/.pm2, operators: [deploy, "%team"]}
  ops: {user: ops}
`;

describeOnHost('pm2-guard verify', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['fay', 'zed', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6'] });
    await host.must(
      'chsh -s /usr/bin/fish fay; chsh -s /usr/bin/zsh zed; groupadd team; usermod -aG team fay; usermod -aG team zed',
    );
    await host.must(
      'mkdir -p /home/fay/.config/fish /home/fay/.local/share/fish && chown -R fay: /home/fay; touch /home/zed/.zshrc',
    );
    await host.installGuard(CONFIG);
    // Out of the way of cron's PATH=/usr/bin:/bin: see test/traps/ways-in.test.ts for what it does there.
    await host.must('rm /usr/bin/pm2; touch /.dockerenv');
    await host.must('printf "Defaults lecture=never\\n" > /etc/sudoers.d/lecture');
  });
  afterAll(() => host.dispose());
  const everything = async () =>
    [
      await snapshot(host, { times: true }),
      (
        await host.must("find /home /root /srv /opt /tmp /run /dev/shm -printf '%p %y %m %U:%G %l %T@\\n'", {
          cwd: '/',
        })
      )
        .split('\n')
        .sort(),
    ] as const;
  const processes = () =>
    host
      .processes()
      .map(({ command }) => command)
      .sort();

  it('tries every way of every user, finds the guard, and leaves no file, process or daemon behind', async () => {
    const [before, running] = [await everything(), processes()];
    const found = await verified(host);
    expect(found).toMatchObject({ status: 0, result: 'covered', stderr: '' });
    const [after, now] = [await everything(), processes()];
    for (const at of [0, 1] as const) expect(difference(before[at], after[at])).toEqual({ gone: [], new: [] });
    expect(now).toEqual(running);
    expect(host.daemons()).toEqual([]);

    const ways = (user: string) =>
      found.ways.filter((one) => one.user === user && one.state === 'covered').map(({ way }) => way);
    expect(ways('anybody')).toEqual(['bash login shell', 'zsh login shell', 'dash login shell', 'fish login shell']);
    expect(ways('deploy')).toEqual([
      'bash login shell',
      'bash login shell, interactive',
      'bash, interactive',
      'dash login shell',
      'ssh host pm2',
      'at job',
      'systemd service',
      'docker exec',
      'env -i sh',
      'sudo pm2',
      'sudo -i pm2',
      'sudo -s pm2',
      'sudo -u www-data pm2',
    ]);
    expect(ways('zed')).toEqual(
      expect.arrayContaining(['zsh login shell', 'zsh login shell, interactive', 'zsh, interactive', 'ssh host pm2']),
    );
    expect(ways('fay')).toEqual(
      expect.arrayContaining([
        'fish login shell',
        'fish login shell, interactive',
        'fish, interactive',
        'ssh host pm2',
      ]),
    );
    expect(ways('www-data')).toEqual(['systemd service', 'docker exec', 'env -i sh']);
    expect(ways('root')).toEqual(
      expect.arrayContaining([
        'su - deploy -c pm2',
        'su deploy -c pm2',
        'runuser -u deploy -- pm2',
        'su -s /bin/sh www-data -c pm2',
        'runuser -u www-data -- pm2',
        'sudo -u www-data pm2',
        'sudo -iu ops pm2',
      ]),
    );
    expect(wayOf(found, 'cron job', 'www-data')).toMatchObject({
      state: 'note',
      answers: 'nothing',
      why: 'no pm2 in its PATH',
      cures: [containing('crontab -u www-data')],
    });
    expect(found.left).toContain(
      'zed is not let in (a password is required): sudo pm2, sudo -i pm2, sudo -s pm2, sudo -u www-data pm2',
    );
  });

  it('tells people: a line a way, those alike in one; what is to be done; and last, one line', async () => {
    const { stdout, stderr, status } = await host.run('pm2-guard verify --user deploy ops', { timeoutMs: 60_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^covered {2}bash login shell +anybody, ops, deploy +guard$/m);
    expect(stdout).toMatch(/^note {5}cron job +ops, deploy +nothing$/m);
    expect(stdout).toContain(
      'note: cron job (ops, deploy): no pm2 in its PATH\n  run:  (echo ' +
        'PATH=/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin; sudo crontab -u USER -l) | sudo crontab -u ' +
        'USER -\n',
    );
    expect(stdout).toMatch(
      /\ncovered: all \d+ ways lead to the guard; \d+ notes, on what no PATH can cover or what is not in use\n$/,
    );
  });

  it('shows progress and a table to a terminal', async () => {
    const terminal = host.tty('pm2-guard verify --user www-data', { timeoutMs: 60_000 });
    const { stdout, status } = await terminal.result();
    expect(status).toBe(0);
    expect(stdout).toMatch(/\r\x1b\[K\d+ of \d+ {2}systemd service \(www-data\)/);
    expect(stdout).toContain('│');
  });

  it('notes do not count, unless asked to: a real pm2 that has to be called by its path', async () => {
    const found = await verified(host, '--user www-data --strict');
    expect(found).toMatchObject({ status: 1, result: 'gaps' });
    expect(wayOf(found, '/usr/lib/node_modules/pm2/bin/pm2', 'root')).toMatchObject({
      state: 'note',
      answers: 'pm2',
      version: '7.0.4',
      cures: ['sudo pm2-guard seal'],
    });
  });

  it('goes the ways of the caller alone where he is not root', async () => {
    const found = await verified(host, '', { user: 'deploy' });
    expect(found).toMatchObject({ status: 0, result: 'covered', left: [containing('only root can try')] });
    expect([...new Set(found.ways.filter(({ way }) => !way.startsWith('/')).map(({ user }) => user))]).toEqual([
      'anybody',
      'deploy',
    ]);
    expect(wayOf(found, 'sudo -u www-data pm2', 'deploy')).toMatchObject({ state: 'covered' });
    expect(await host.run('pm2-guard verify --user ops', { user: 'deploy' })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'pm2-guard: only root can go the ways of others\n  run:  sudo pm2-guard verify --user ops\n',
    });
    expect(await host.run('pm2-guard verify --user nobody-here')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'pm2-guard: there is no user nobody-here\n',
    });
  });

  it('looks at a user by each name of its uid', async () => {
    await host.must('echo "toor:x:0:0::/root:/bin/bash" >> /etc/passwd');
    expect(wayOf(await verified(host, '--user toor'), 'bash login shell', 'root')).toMatchObject({ state: 'covered' });
    await host.must('sed -i /^toor:/d /etc/passwd');
  });

  it('looks at the first members of a large group, and says so', async () => {
    await host.must('for u in m1 m2 m3 m4 m5 m6; do usermod -aG team $u; done');
    const { left, ways } = await verified(host);
    expect(left).toContain(
      '%team has 8 members: only fay, zed, m1, m2, m3 are looked at (--user NAME looks at others)',
    );
    expect(ways.some(({ user }) => user === 'm3')).toBe(true);
    expect(ways.some(({ user }) => user === 'm4')).toBe(false);
  });

  it('does not believe an exit status, nor a mark: what does not block that very call is not the guard', async () => {
    const said =
      'pm2-guard: blocked (PG108): nothing was run\n' +
      '  "pm2 describe pm2-guard-verify-0" names pm2-guard-verify-0, a name that no app can have.\n';
    const script = `#!/bin/sh\n# pm2-guard-shim\nprintf '%s' '${said}' >&2\nexit 126\n`;
    await host.write('/home/ops/bin/pm2', script, { owner: 'ops', mode: '755' });
    await host.must('echo PATH=/home/ops/bin:\\$PATH >> /home/ops/.profile');
    const found = await verified(host, '--user ops');
    expect(wayOf(found, 'bash login shell', 'ops')).toMatchObject({
      state: 'unknown',
      answers: null,
      why: containing("/home/ops/bin/pm2 is pm2-guard's, and did not block what it has to block: exit status 126"),
    });
    expect(found).toMatchObject({ status: 2, result: 'cannot tell' });
  });

  it('runs nothing as root that others could have put there, whatever it says of itself', async () => {
    await host.write('/etc/cron.d/odd', 'PATH=/home/ops/bin:/usr/bin:/bin\n@daily root pm2 save\n');
    await host.write(
      '/home/ops/bin/pm2',
      '#!/bin/sh\n# pm2-guard-shim\n[ "$(id -u)" -ne 0 ] || touch /tmp/ran-as-root\n',
      { owner: 'ops', mode: '755' },
    );
    expect(wayOf(await verified(host, '--user root'), '/etc/cron.d/odd:2', 'root')).toMatchObject({
      state: 'unknown',
      why: containing('/home/ops/bin/pm2 is not run as root: /home/ops is owned by uid'),
    });
    expect(await host.exists('/tmp/ran-as-root')).toBe(false);
    await host.must('rm /etc/cron.d/odd');
  });

  it('sees PM2_GUARD=off in a startup file', async () => {
    await host.must(
      'rm -r /home/ops/bin; cp /etc/skel/.profile /home/ops/.profile; echo export PM2_GUARD=off >> /home/ops/.profile',
    );
    const found = await verified(host, '--user ops');
    expect(found.status).toBe(1);
    expect(wayOf(found, 'bash login shell', 'ops')).toMatchObject({
      state: 'gap',
      answers: 'guard',
      why: containing('PM2_GUARD=off'),
    });
    expect(wayOf(found, 'bash, interactive', 'ops')).toMatchObject({ state: 'covered' });
    expect(host.daemons()).toEqual([]);
  });

  it('is not hung by a startup file that waits, nor fooled by one that ends the shell', async () => {
    await host.must(
      'cp /etc/skel/.profile /home/ops/.profile; echo "sleep 1000" > /home/ops/.bash_profile; echo "exit 0" > ' +
        '/home/ops/.bashrc',
    );
    const found = await verified(host, '--user ops');
    expect(found).toMatchObject({ status: 2, result: 'cannot tell' });
    expect(wayOf(found, 'bash login shell', 'ops')).toMatchObject({
      state: 'unknown',
      why: containing('did not end in 10 s'),
    });
    expect(wayOf(found, 'bash, interactive', 'ops')).toMatchObject({
      state: 'unknown',
      why: containing('ended before it ran anything: exit status 0'),
    });
    expect(wayOf(found, 'systemd service', 'ops')).toMatchObject({ state: 'covered' });
    expect(processes().filter((command) => command.includes('sleep 1000'))).toEqual([]);
  });

  it('takes with it what it has started, when it is ended before its time', async () => {
    const running = host.start(['pm2-guard', 'verify', '--user', 'ops']);
    const waiting = () => processes().filter((command) => command.includes('sleep 1000')).length;
    await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(1);
    running.kill('SIGTERM');
    expect(await running.result()).toMatchObject({ signal: 'SIGTERM', stdout: '' });
    await expect.poll(waiting).toBe(0);
    await host.must('rm /home/ops/.bash_profile; cp /etc/skel/.bashrc /home/ops/.bashrc');
  });

  it('says what the guard leaves alone by its config', async () => {
    await host.write('/etc/pm2-guard/config.yaml', `mode: observe\nexempt: [alice]\n${CONFIG}`);
    const { remarks, status } = await verified(host, '--user www-data');
    expect(remarks).toEqual([
      containing('mode: observe for ops, web: '),
      containing('exempt: the guard answers alice, '),
    ]);
    expect(status).toBe(0);
    expect((await host.run('pm2-guard verify --user www-data')).stdout).toContain(
      '\nremark: exempt: the guard answers alice',
    );
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });

  it('says that nothing can be told without a config', async () => {
    await host.must('rm /var/lib/pm2-guard/policy.json');
    await host.write('/etc/pm2-guard/config.yaml', 'default: [\n');
    expect(await host.run('pm2-guard verify')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(
        joined(
          /^pm2-guard: nothing can be told: the config cannot be used\n/,
          /\/etc\/pm2-guard\/config\.yaml:.*run: {2}sudo pm2-guard check\n$/s,
        ),
      ) as string,
    });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });
});
