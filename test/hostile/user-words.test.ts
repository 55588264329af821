import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DOCTOR, findings } from '../doctor/doctor.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { bringLiar, end, GUARD, lie } from './mallory.ts';

const UNITS = '/home/mallory/.config/systemd/user';
const HOME = '/home/mallory/.pm2';

describeOnHost("what a user writes decides about that user's things alone", () => {
  let host: Host;
  const config =
    'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [shop, "-rf"] }\n  kim: { user: kim }\n';
  const mallory = (commandLine: string) => host.must(commandLine, { user: 'mallory' });
  const chowns = async () =>
    (await findings(host)).flatMap(({ repair }) => repair).filter((words) => words.includes('chown'));
  const owners = () =>
    host.must('find / -xdev -path /proc -prune -o -path /home -prune -o -uid +999 -print 2>/dev/null | sort');
  beforeAll(async () => {
    host = await createHost({ users: ['mallory', 'kim'] });
    await host.write('/etc/pm2-guard/config.yaml', config);
    await bringLiar(host);
  });
  afterEach(async () => {
    await host.must(`rm -rf ${UNITS} ${HOME} /home/mallory/x; rm -f /etc/systemd/system/pm2-*.service`);
  });
  afterAll(() => host.dispose());

  const unit = (lines: string) =>
    mallory(
      `mkdir -p ${UNITS}/default.target.wants && cd ${UNITS} && ln -sf ../pm2.service default.target.wants/ && ` +
        `printf '[Service]\\n${lines}\\nExecStart=/usr/bin/pm2 resurrect\\n' > pm2.service`,
    );
  const claims: [what: string, lines: string, before: string][] = [
    ['by PM2_HOME and User=', 'User=mallory\\nEnvironment=PM2_HOME=/etc/profile.d', ''],
    ['by PM2_HOME alone', 'Environment=PM2_HOME=/usr/local/bin', ''],
    ['by User=root', 'User=root\\nEnvironment=PM2_HOME=/etc', ''],
    ['by HOME', 'User=mallory\\nEnvironment=HOME=/srv', 'install -d /srv/.pm2'],
    [
      'by a link of his own',
      'Environment=PM2_HOME=/home/mallory/x',
      'ln -s /etc/profile.d /home/mallory/x; chown -h mallory: /home/mallory/x',
    ],
    ['by dots', 'User=mallory\\nEnvironment=PM2_HOME=/home/mallory/../../etc/default', ''],
  ];
  it.each(claims)("a unit of his own manager that claims a directory of root's %s", async (_, lines, before) => {
    if (before !== '') await host.must(before);
    await unit(lines);
    const outside = await owners();
    expect(await chowns()).toEqual([]);
    await host.run(`${DOCTOR} --fix --yes`);
    expect(await owners()).toBe(outside);
  });

  it("a unit of his own manager does not have root's unit of another user taken away", async () => {
    await host.write(
      '/etc/systemd/system/pm2-www-data.service',
      '[Service]\nUser=www-data\nEnvironment=PM2_HOME=/var/www/.pm2\nExecStart=/usr/bin/pm2 resurrect\n',
    );
    await host.must(
      'cd /etc/systemd/system && mkdir -p multi-user.target.wants && ln -sf ../pm2-www-data.service ' +
        'multi-user.target.wants/',
    );
    await host.write('/var/www/.pm2/dump.pm2', '[]', { owner: 'www-data' });
    await unit('Environment=PM2_HOME=/var/www/.pm2');
    expect((await findings(host)).filter(({ code }) => code.startsWith('PD4'))).toEqual([]);
    await host.must('rm -r /etc/systemd/system/multi-user.target.wants/pm2-www-data.service /var/www/.pm2/dump.pm2');
  });

  it("a system unit that names a home in a directory of root's gives nothing in it away", async () => {
    await host.write(
      '/etc/systemd/system/pm2-x.service',
      '[Service]\nUser=mallory\nEnvironment=PM2_HOME=/etc/.pm2\nExecStart=/usr/bin/pm2 resurrect\n',
    );
    await host.must('mkdir -p /etc/.pm2/logs && touch /etc/.pm2/dump.pm2 /etc/.pm2/logs/a.log');
    expect(await chowns()).toEqual([]);
    await host.must('rm -r /etc/.pm2');
  });

  it('what root left in his home is given as find has it open, and what is closed to him is not', async () => {
    await mallory(`mkdir -p ${HOME}/logs ${HOME}/modules`);
    await host.must(
      `cd ${HOME} && touch dump.pm2 logs/shadow && install -m 600 /dev/null module_conf.json && ` +
        'install -d -m 700 modules/closed',
    );
    const [words = []] = await chowns();
    expect(words.slice(0, 3)).toEqual(['sudo', 'find', HOME]);
    expect(words).toContain('-execdir');
    // He exchanges the directory after the command was printed.
    await mallory(`mv ${HOME}/logs /home/mallory/x && ln -s /etc ${HOME}/logs`);
    const line = words.map((word) => `'${word}'`).join(' ');
    await host.must(line, { user: 'deploy', cwd: '/' });
    expect(
      await host.must(`stat -c %U /etc/shadow ${HOME}/dump.pm2 ${HOME}/module_conf.json ${HOME}/modules/closed`),
    ).toBe('root\nmallory\nroot\nroot\n');
    await mallory(`rm ${HOME}/logs`);
    await mallory(`mv ${HOME} /home/mallory/x && ln -s /etc ${HOME}`);
    const before = await owners();
    await host.run(line, { user: 'deploy', cwd: '/' });
    expect(await owners()).toBe(before);
  });

  it('what he calls an app is no option of what root is told to type, and is looked at first', async () => {
    await host.write('/home/mallory/a.js', 'setInterval(() => {}, 1e6);', { owner: 'mallory' });
    await mallory('pm2 start a.js --name=--yes --namespace shop && pm2 start a.js --name=-rf');
    const printed = (await findings(host)).filter(({ code }) => code === 'PD201');
    expect(printed.map(({ repair }) => repair)).toEqual(
      ['--yes', '-rf'].map((name) => [['sudo', 'pm2-guard', 'adopt', '--dry-run', '--from', HOME, '--', name]]),
    );
    for (const { evidence } of printed)
      expect(evidence.at(-1)).toContain('is the word of mallory alone: look at it first');
    await mallory('pm2 delete all && pm2 kill');
  });

  it.each(['all', '/./', '0', 'x.json'])(
    'an app called %s in two daemons: only its own id is to be deleted',
    async (name) => {
      await host.write('/srv/a.js', 'setInterval(() => {}, 1e6);');
      await host.write(
        '/etc/pm2-guard/config.yaml',
        `daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: ["${name}"] }\n`,
      );
      await host.must(`pm2 start /srv/a.js --name '${name}'`, {
        user: 'www-data',
        env: { PM2_HOME: '/var/www/.pm2' },
        cwd: '/',
      });
      await mallory(`pm2 start /srv/a.js --name other && pm2 start /srv/a.js --name '${name}'`);
      const twice = (await findings(host)).find(({ code }) => code === 'PD202');
      const [first = []] = twice?.repair ?? [];
      expect(first.slice(-2)).toEqual(['delete', '1']);
      await host.must(first.join(' '), { user: 'deploy', cwd: '/' });
      expect((await host.apps(HOME)).map((app) => app.name)).toEqual(['other']);
      await mallory('pm2 kill');
      await host.must('pm2 kill', { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' } });
      await host.write('/etc/pm2-guard/config.yaml', config);
    },
  );

  it.each(['tostring', 'error'])(
    'a socket that answers with %s is a finding, and the end of no command',
    async (mode) => {
      const liar = await lie(host, 'mallory', mode, `${HOME}/rpc.sock`);
      const { status, stderr } = await host.run(`${GUARD} doctor --json`);
      expect([status === 0 || status === 1, stderr]).toEqual([true, '']);
      expect(await host.run(`${GUARD} init`)).toMatchObject({ status: 0, stderr: '' });
      expect(await host.run(`${DOCTOR} --prometheus`)).toMatchObject({ stderr: '' });
      await end(liar);
    },
  );

  it('sixty sockets that send 63 MiB each: doctor stays within its memory and its time', async () => {
    const liar = await lie(host, 'mallory', 'big', '/home/mallory/many/', '60');
    const measure = [
      'import resource, subprocess, time',
      'began = time.time()',
      "subprocess.run(['node', '/usr/src/pm2-guard/dist/pm2-guard.cjs', 'doctor', '--json'], " +
        'stdout=subprocess.DEVNULL)',
      'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, int(time.time() - began))',
    ].join('; ');
    const [mib = 0, seconds = 0] = (await host.must(`python3 -c "${measure}"`, { timeoutMs: 120_000 }))
      .trim()
      .split(' ')
      .map(Number);
    expect(mib).toBeLessThan(900);
    expect(seconds).toBeLessThan(60);
    await end(liar);
    await host.must('rm -rf /home/mallory/many');
  }, 180_000);
});
