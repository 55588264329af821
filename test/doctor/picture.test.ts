import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { joined } from '../regex.ts';
import { CONFIG, OPS, WEB } from '../traps/twins.ts';
import { examined, found, startBackup, startSite, DOCTOR } from './doctor.ts';

const STRANGE = '/srv/a"b';

describeOnHost('the picture, PM2 5.4.3', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '5.4.3' });
    await startSite(host);
    await startBackup(host);
    await host.must(`install -d -o alice '${STRANGE}'`);
    await host.must(
      'PM2_HOME="$HOME/.pm2" pm2 start sleep --name secretive --interpreter none -- 1000; pm2 stop secretive',
      { user: 'alice', env: { HOME: STRANGE, TOKEN: 'hunter2' } },
    );
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('in plain lines', async () => {
    const { stdout, stderr, status } = await host.run(DOCTOR);
    const [site, backup] = [(await host.apps(WEB))[0], (await host.apps(OPS))[0]];
    expect({ stderr, status }).toEqual({ stderr: '', status: 1 });
    expect(stdout).toMatch(
      /^ops: ops in \/home\/ops\/\.pm2\n {2}pid \d+, PM2 5\.4\.3, node 22\.23\.3, up \d+ s, no boot unit\n/,
    );
    expect(stdout).toContain(
      `\n  - backup     ops       pid ${backup?.pid ?? ''}  no port    online   belongs to ops\n`,
    );
    expect(stdout).toContain(`\n  - myapp      www-data  pid ${site?.pid ?? ''}  port 3000  online   belongs to web\n`);
    expect(stdout).toMatch(
      joined(
        /\nSTRAY: alice in \/srv\/a"b\/\.pm2\n.*, no config declares it\n/,
        / {2}- secretive {2}- {9}- +no port {4}stopped {2}not in the config\n/,
      ),
    );
    expect(stdout).toMatch(/\n\d findings on 3 daemons, 3 apps\n$/);
  });

  it('in a terminal: a table, coloured, and not with NO_COLOR', async () => {
    const { stdout } = await host.tty(DOCTOR).result();
    expect(stdout).toMatch(/│ .*app.* │ .*runs as.* │/);
    expect(stdout).toContain('\u001b[31mSTRAY: alice');
    const plain = (await host.tty(DOCTOR, { env: { NO_COLOR: '1' } }).result()).stdout;
    expect(plain).toMatch(/│ myapp +│ www-data +│ \d+ +│ 3000 +│ online/);
    expect(plain.replaceAll('\u001b[K', '')).not.toContain('\u001b');
  });

  it('as JSON, without a value of any environment', async () => {
    const { stdout } = await host.run(`${DOCTOR} --json`);
    expect(stdout).not.toContain('hunter2');
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      healthy: false,
      unseen: [],
      config: { file: '/etc/pm2-guard/config.yaml', problem: null },
      daemons: [
        {
          name: 'ops',
          stray: false,
          user: 'ops',
          home: OPS,
          answers: 'yes',
          pm2: '5.4.3',
          node: '22.23.3',
          cwd: '/home/ops',
          unit: null,
          elsewhere: false,
          apps: [{ name: 'backup', id: 0, state: 'online', restarts: 0, placement: 'home', belongs: ['ops'] }],
        },
        {
          name: null,
          stray: true,
          user: 'alice',
          home: `${STRANGE}/.pm2`,
          apps: [{ name: 'secretive', pid: null, user: null, state: 'stopped', placement: 'unknown', belongs: [] }],
        },
        { name: 'web', user: 'www-data', uid: 33, apps: [{ ports: [3000], username: 'www-data' }] },
      ],
    });
  });

  it('as metrics', async () => {
    const { stdout, status } = await host.run(`${DOCTOR} --prometheus`);
    expect(status).toBe(0);
    const samples = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .map((line) => {
          const [, name = '', labels = '', value = ''] =
            /^(\w+)((?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (-?[\d.]+)$/.exec(line) ?? [];
          return [`${name}${labels}`, Number(value)];
        }),
    );
    expect(samples.has('')).toBe(false); // every line is a sample
    // and none comes twice
    expect(samples.size).toBe(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length);
    for (const name of new Set([...samples.keys()].map((key) => key.replace(/\{.*/, ''))))
      expect(stdout).toMatch(new RegExp(`^# HELP ${name} .+\n# TYPE ${name} gauge\n${name}[ {]`, 'm'));
    expect(samples.get(`pm2_guard_daemon_up{daemon="web",user="www-data",home="${WEB}"}`)).toBe(1);
    expect(samples.get('pm2_guard_daemon_up{daemon="",user="alice",home="/srv/a\\"b/.pm2"}')).toBe(1);
    expect(samples.get('pm2_guard_apps{daemon="",user="alice",home="/srv/a\\"b/.pm2",state="stopped"}')).toBe(1);
    expect(samples.get('pm2_guard_findings{code="PD105",urgency="wrong"}')).toBe(1);
    expect(Math.abs((samples.get('pm2_guard_doctor_timestamp_seconds') ?? 0) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('of a user: his own, and what he may not see is said', async () => {
    const { stdout, stderr, status } = await host.run(DOCTOR, { user: 'ops' });
    expect({ stderr, status }).toEqual({
      status: 1,
      stderr: [
        'processes, sockets and files of other users can be looked into by root only',
        `the daemon of alice in ${STRANGE}/.pm2 does not tell you its apps`,
        `the daemon of www-data in ${WEB} does not tell you its apps`,
      ]
        .map((line) => `pm2-guard: not seen: ${line}\n`)
        .join(''),
    });
    expect(stdout).toMatch(/- backup .* belongs to ops\n/);
    expect(stdout).toMatch(
      joined(
        /\nweb: www-data in \/var\/www\/\.pm2\n/,
        / {2}pid \d+, PM2 5\.4\.3, up \d+ s, no boot unit, only its user and root may ask it\n\nPD105 /,
      ),
    );
    expect(stdout).toMatch(/\n1 finding on 3 daemons, 1 app\n$/);
  });

  it('where there is no /proc', async () => {
    expect(await host.run(`unshare -m sh -c 'mount -t tmpfs none /proc && ${DOCTOR}'`)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'pm2-guard: this system has no /proc to look into, or it is closed\n',
    });
  });

  it('of daemons in other namespaces', async () => {
    await host.must('pm2 start sleep --name outside --interpreter none -- 1000', {
      user: 'alice',
      env: { PM2_GUARD: 'off' },
    });
    const before = await found(host);
    await host.must(
      'unshare --net setpriv --reuid deploy --regid deploy --init-groups env HOME=/home/deploy ' +
        'PM2_DISCRETE_MODE=true pm2 start sleep --name networkless --interpreter none -- 1000',
      { cwd: '/', env: { PM2_GUARD: 'off' } },
    );
    // A container, in short: file systems and processes of its own, and root's daemon at a path where another's is
    // here.
    const container = host.start(
      [
        '/bin/sh',
        '-c',
        'unshare --mount --pid --fork --mount-proc sh -c "mount -t tmpfs none /home/alice; HOME=/home/alice ' +
          'PM2_GUARD=off pm2 start sleep --name inside --interpreter none -- 4321; exec sleep 1000"',
      ],
      { timeoutMs: 120_000 },
    );
    await container.seen(/inside/);
    const { daemons } = await examined(host);
    const processes = host.processes();
    const inside = processes.find(({ command }) => /sleep 4321$/.test(command));
    expect(daemons.find(({ user }) => user === 'deploy')).toMatchObject({
      namespaces: ['network'],
      elsewhere: false,
      answers: 'yes',
      apps: [{ name: 'networkless', user: 'deploy' }],
    });
    const twins = daemons.filter(({ home }) => home === '/home/alice/.pm2');
    expect(twins.find(({ elsewhere }) => !elsewhere)).toMatchObject({
      user: 'alice',
      answers: 'yes',
      apps: [{ name: 'outside', user: 'alice' }],
    });
    expect(twins.find(({ elsewhere }) => elsewhere)).toMatchObject({
      user: 'root',
      namespaces: ['mount', 'pid'],
      elsewhere: true,
      answers: 'yes',
      stray: false,
      pm2: '5.4.3',
      apps: [{ name: 'inside', pid: inside?.pid, user: 'root', state: 'online', placement: 'unjudged' }],
    });
    expect((await host.run(DOCTOR)).stdout).toMatch(
      /daemon: root in \/home\/alice\/\.pm2\n.*in a container \(its own mount, pid namespace\)\n/,
    );
    expect((await host.run(`${DOCTOR} --pid ${inside?.pid ?? ''}`)).stdout).toContain(
      'is owned by the daemon of root in /home/alice/.pm2: app inside (id 0), online\n',
    );
    expect((await found(host)).filter((line) => !before.includes(line))).toEqual(['PD105 /home/deploy/.pm2']);
    expect((await host.run(DOCTOR, { user: 'alice' })).stdout).not.toMatch(/PD103|PD104/); // who may not look into it
    container.kill('SIGKILL');
    await container.result();
  });
});
