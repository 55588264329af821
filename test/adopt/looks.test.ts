import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { joined } from '../regex.ts';
import { CONFIG, daemonsOn, OPS, SITE, WEB } from '../traps/twins.ts';
import { adopt, adopted, ROOT, running, savedIn } from './scene.ts';

const pm2 = '/usr/bin/pm2';
const idle = 'setInterval(() => {}, 1000);';
const listening = 'require("http").createServer().listen(process.env.PORT, "127.0.0.1");';

describeOnHost('adopt looks before it leaps', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
    await host.write('/srv/app.js', idle);
    await host.write('/srv/port.js', listening);
    await host.write('/root/app/app.js', idle);
    await host.must(
      'install -d -m 700 /srv/closed; install -m 600 /dev/null /srv/closed.env; install -d /srv/logs /root/bin; ln ' +
        '-s /usr/bin/node /root/bin/node',
    );
  });
  afterAll(() => host.dispose());

  /** Starts it as root's; what the look says; the app is where it was; then it is taken away. */
  const barred = async (start: string, wanted: (string | RegExp)[], env: Record<string, string> = {}) => {
    await host.must(`${pm2} start ${start} --name myapp`, { env, cwd: '/srv' });
    const before = await host.apps(ROOT);
    const { status, stdout, stderr } = await adopt(host, 'myapp --yes');
    await host.must(`${pm2} delete myapp`);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(before).toMatchObject([{ name: 'myapp', restarts: 0 }]);
    for (const part of wanted)
      expect(stdout).toMatch(typeof part === 'string' ? new RegExp(part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : part);
    expect(daemonsOn(host)).toEqual([`root ${ROOT}`]);
  };

  it('at the script and every directory above it', () =>
    barred('/root/app/app.js --cwd /srv', [
      'BLOCKED BY  www-data may not read /root/app/app.js: it may not pass /root',
      'fix:      move it to a directory that www-data can read, such as one below /srv; /root is private\n',
    ]));
  it('at the working directory', () =>
    barred('/srv/app.js --cwd /srv/closed', ['BLOCKED BY  www-data may not enter /srv/closed\n']));
  it('at env files', () =>
    barred('/srv/app.js --cwd /srv --node-args="--env-file=closed.env"', [
      'BLOCKED BY  www-data may not read /srv/closed.env\n',
      /fix: {6}sudo (setfacl -m u:www-data:r|chmod o\+r) \/srv\/closed\.env\n/,
    ]));
  it('at logs outside of the home', () =>
    barred('/srv/app.js --cwd /srv -o /srv/logs/out.log', [
      'BLOCKED BY  www-data may not write /srv/logs/out.log\n',
      'fix:      sudo chown -h www-data: /srv/logs/out.log\n',
    ]));
  it('at the interpreter', () =>
    barred('/srv/app.js --cwd /srv --interpreter /root/bin/node', [
      'BLOCKED BY  www-data may not run /root/bin/node: it may not pass /root',
    ]));
  it('at ports below 1024', async () => {
    await host.must('echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
    await barred(
      '/srv/port.js --cwd /srv',
      [
        'BLOCKED BY  www-data may not listen on port 80: below 1024 only root may',
        /choose: {3}sudo setcap cap_net_bind_service=\+ep \/usr\/bin\/node\n {12}sudo sysctl/,
      ],
      { PORT: '80' },
    );
    await host.must('echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start');
    await host.must(`${pm2} start /srv/port.js --cwd /srv --name myapp`, { env: { PORT: '80' } });
    expect(await adopt(host, 'myapp --dry-run')).toMatchObject({ status: 0 });
    await host.must(`${pm2} delete myapp`);
  });
  it('at who holds the port', async () => {
    const holder = host.start(['/usr/bin/node', '/srv/port.js'], { user: 'alice', env: { PORT: '3900' } });
    await expect.poll(async () => (await host.run('grep -i ":0F3C " /proc/net/tcp')).status).toBe(0);
    await host.must(`${pm2} start /srv/port.js --cwd /srv --name myapp --restart-delay 1000`, {
      env: { PORT: '3900' },
    });
    await expect.poll(async () => (await host.apps(ROOT))[0]?.status).toBe('waiting restart');
    expect(await adopt(host, 'myapp --yes')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /BLOCKED BY {2}port 3900, which myapp wants, is held by pid \d+ of alice/,
      ) as string,
    });
    holder.kill('SIGKILL');
    await host.must(`${pm2} delete myapp`);
  });

  it('at the name in the new daemon', async () => {
    await host.must(`${pm2} start ${SITE}/server.js --name myapp`, { user: 'www-data' });
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name myapp`);
    expect(await adopt(host, 'myapp --yes')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(
        `BLOCKED BY  web has another app of the name myapp, with the script ${SITE}/server.js`,
      ) as string,
    });
    await host.must(`${pm2} delete all`);
    await host.must(`${pm2} delete all`, { user: 'www-data' });
  });

  it('puts back what does not stay up, with the last words of its log', async () => {
    await host.write(
      '/srv/proud.js',
      `if (process.getuid() !== 0) { console.error("only \\x1b[31mroot\\x1b[0m runs me"); process.exit(3); } ${idle}`,
    );
    await host.must(`${pm2} start /srv/proud.js --cwd /srv --name myapp && ${pm2} save`);
    const [before] = await host.apps(ROOT);
    const { status, stdout } = await adopt(host, 'myapp --yes');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^myapp: put back, in root's daemon in \/root\/\.pm2: myapp did not stay online for 1 s/m);
    expect(stdout).toContain('  | only \\x1b[31mroot\\x1b[0m runs me');
    expect(await host.apps(ROOT)).toMatchObject([{ id: before?.id, status: 'online', uid: 0 }]);
    expect(await running(host, WEB)).toEqual([]);
    expect([await savedIn(host, ROOT), (await savedIn(host, WEB)) ?? []]).toEqual([['myapp'], []]);
    await host.must(`${pm2} delete all`);
  });

  it('says so where it can neither stay nor go back, and goes back when that is repaired', async () => {
    await host.write(
      '/srv/later.js',
      `if (process.getuid() !== 0) setInterval(() => { if (require('fs').existsSync('/srv/now')) process.exit(3); ` +
        `}, 20); ${idle}`,
    );
    await host.write(
      '/srv/later.json',
      JSON.stringify({ name: 'myapp', script: '/srv/later.js', cwd: '/srv', min_uptime: 60_000 }),
    );
    await host.must(`${pm2} start /srv/later.json && ${pm2} save`);
    const call = host.tty('pm2-guard adopt myapp --yes');
    await call.seen(/myapp: watching whether it stays up/);
    await host.must(
      `kill -KILL ${host.daemons().find(({ home }) => home === ROOT)?.pid ?? ''}; mv ${ROOT} ${ROOT}.away; touch ` +
        `${ROOT} /srv/now`,
    );
    const { status, stdout } = await call.result();
    expect(status).toBe(1);
    expect(stdout.replaceAll('\r', '')).toMatch(
      joined(
        /myapp: neither moved nor put back: no daemon of root's is started in \/root\/\.pm2: .*\n/,
        /The journal is kept: \/var\/lib\/pm2-guard\/adopt\/\S+\.journal\. [^]*?\n/,
        / +run: {2}sudo pm2-guard adopt --rollback\n/,
      ),
    );
    await host.must(`rm ${ROOT} && mv ${ROOT}.away ${ROOT}`);
    expect(await adopt(host, '--rollback')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('myapp: put back') as string,
    });
    expect([await running(host, ROOT), await running(host, WEB)]).toEqual([['myapp 0 online'], []]);
    expect([await savedIn(host, ROOT), (await savedIn(host, WEB)) ?? []]).toEqual([['myapp'], []]);
    await host.must(`${pm2} delete all`);
  });

  it('overlaps where nothing listens', async () => {
    await host.must(
      `${pm2} start /srv/app.js --cwd /srv --name myapp && PORT=3901 ${pm2} start /srv/port.js --cwd /srv --name ` +
        'shop-port',
    );
    const said = await adopted(host, 'myapp shop-port --overlap');
    expect(said).toMatch(/^myapp: moved to web \(www-data in \/var\/www\/\.pm2\)$/m);
    expect(said).toContain('note      shop-port cannot run twice: it is stopped first');
    expect(said).toMatch(/^shop-port: moved to web .*, stopped for \d+\.\d s$/m);
    expect(await running(host, WEB)).toEqual(['myapp 33 online', 'shop-port 33 online']);
    await host.must(`${pm2} delete all`, { user: 'www-data' });
  });

  it('asks which of two, and where to', async () => {
    for (const user of ['root', 'deploy'])
      await host.must(`${pm2} start /srv/app.js --cwd /srv --name myapp`, { user });
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name orphan`);
    const { status, stdout } = await adopt(host, 'myapp orphan nosuch --yes');
    expect(status).toBe(2);
    for (const line of [
      `  choose:   sudo pm2-guard adopt --from ${ROOT} -- myapp`,
      '            sudo pm2-guard adopt --from /home/deploy/.pm2 -- myapp',
      'orphan: the config does not say where it belongs',
      '  choose:   sudo pm2-guard adopt --to ops -- orphan',
      '            sudo pm2-guard adopt --to web -- orphan',
      'nosuch: no such app on this host; strays are myapp',
    ])
      expect(stdout).toContain(`${line}\n`);
    expect(await running(host, ROOT)).toEqual(['myapp 0 online', 'orphan 0 online']);
    expect(await adopt(host, 'orphan --to nowhere --yes')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the config has no daemon "nowhere": it has ops, web') as string,
    });
    expect(await adopt(host, 'myapp --from nobody --yes')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no user of that name has apps in one') as string,
    });
    expect(await adopt(host, '')).toMatchObject({ status: 2, stdout: '' });
  });

  const decides = 'deploy decides what these apps run. After the move they would run as www-data\n';
  it("does not take a name and --yes for a consent to another user's app", async () => {
    await host.must(`${pm2} delete myapp`);
    for (const words of ['--all-strays --yes', 'myapp --yes', '--from deploy --yes', '--yes --to web -- myapp']) {
      const { status, stdout } = await adopt(host, words);
      expect([words, status]).toEqual([words, 1]);
      expect(stdout).toContain(
        `  BLOCKED BY  ${decides}  choose:   accept the plan above:  sudo pm2-guard adopt --from `,
      );
    }
    expect(await adopt(host, '--all-strays --yes --accept 00000000000000000000')).toMatchObject({ status: 1 });
    expect(await running(host, WEB)).toEqual([]);
  });

  it("asks on a terminal, and apart for another user's app", async () => {
    expect(await adopt(host, 'myapp')).toMatchObject({ status: 1, stdout: expect.stringContaining(decides) as string });
    const left = `myapp ${host.account('deploy').uid} online`;
    for (const answers of [[''], ['y', 'y'], ['y', 'deploy']]) {
      const no = host.tty('pm2-guard adopt myapp');
      await no.seen(/ {2}note {6}deploy decides what these apps run[^]*move it\? \[y\/N\]/);
      no.type(`${answers[0] ?? ''}\n`);
      if (answers[1] !== undefined) {
        await no.seen(/deploy decides what myapp runs\. Type www-data to run it as www-data: /);
        no.type(`${answers[1]}\n`);
      }
      expect(await no.result()).toMatchObject({ status: 2 });
      expect(await running(host, '/home/deploy/.pm2')).toEqual([left]);
    }
    const yes = host.tty('exec pm2-guard adopt myapp'); // a shell would die of the Ctrl-C below
    await yes.seen(/move it\? \[y\/N\]/);
    yes.type('y\n');
    await yes.seen(/Type www-data/);
    yes.type('www-data\n');
    await yes.seen(/myapp: watching whether it stays up/);
    yes.type('\x03'); // too late to stop in the middle
    const { status, stdout } = await yes.result();
    expect(status).toBe(0);
    expect(stdout).toMatch(/interrupted: finishing the current app before exiting[^]*myapp: moved to web/);
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name shop-piped`);
    expect(await adopt(host, '-n shop-piped')).toMatchObject({ status: 0 });
    expect(await adopt(host, 'shop-piped')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        'not a terminal: pass --yes to confirm. Nothing was changed.\n  run:  sudo pm2-guard adopt --yes shop-piped\n',
      ) as string,
    });
    await host.must(`${pm2} delete shop-piped`);
  });

  it('tells scripts all of it', async () => {
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name shop-json`);
    const { status, stdout } = await adopt(host, 'myapp shop-json --json --dry-run');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      moves: [
        {
          apps: [{ name: 'shop-json', processes: 1, running: 1, ports: [], twin: false }],
          from: { user: 'root', home: ROOT, state: 'live' },
          to: { daemon: 'web', user: 'www-data', home: WEB },
          problems: [],
          outcome: null,
          steps: ['right', 'raise', 'stop', 'start', 'settle', 'remove', 'save'],
        },
      ],
      others: [{ name: 'myapp', type: 'home', daemon: 'web', home: WEB }],
    });
    const done = await adopt(host, 'shop-json --json --yes');
    expect(JSON.parse(done.stdout)).toMatchObject({
      dryRun: false,
      moves: [{ outcome: 'moved', downtimeMs: expect.any(Number) as number }],
    });
    expect(await adopt(host, 'shop-json')).toMatchObject({
      status: 0,
      stdout: `shop-json: is in the right daemon already: web (${WEB})\n`,
    });
  });

  it('is for root, and for a user between homes of his own', async () => {
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name backup`, {
      user: 'ops',
      env: { PM2_HOME: '/home/ops/other' },
    });
    expect(await adopt(host, 'backup --yes', { user: 'ops' })).toMatchObject({ status: 0 });
    expect(await running(host, OPS)).toEqual([`backup ${host.account('ops').uid} online`]);
    expect(await adopt(host, 'backup --to web --yes', { user: 'ops' })).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        joined(
          /BLOCKED BY {2}(the daemon of web: you have no access to its socket|only root can work as www-data)\n/,
          / {2}run: {6}sudo pm2-guard adopt --to web -- backup\n/,
        ),
      ) as string,
    });
  });

  it('keeps a second adoption out, and passes over the lock of one that was killed', async () => {
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name shop-lock`);
    const sleeper = host.start(
      [
        '/bin/sh',
        '-c',
        'mkdir -p -m 700 /var/lib/pm2-guard/adopt; ln -s "$$ $(cut -d" " -f22 /proc/$$/stat)" ' +
          '/var/lib/pm2-guard/adopt/lock; cat',
      ],
      { input: '' },
      true,
    );
    await host.must('until test -h /var/lib/pm2-guard/adopt/lock; do sleep 0.05; done');
    expect(await adopt(host, 'shop-lock --yes')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/another adoption is under way, by pid \d+/) as string,
    });
    sleeper.kill('SIGKILL');
    await sleeper.result();
    await adopted(host, 'shop-lock');
  });
});
