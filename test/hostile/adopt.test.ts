import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { acceptance, adopt, adopted, reset, running } from '../adopt/scene.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, WEB } from '../traps/twins.ts';

const pm2 = '/usr/bin/pm2';
const idle = 'setInterval(() => {}, 1000);';

describeOnHost('adopt and what other users say', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
  });
  beforeEach(async () => {
    await reset(host);
    await host.must('rm -rf /home/alice/* /var/www/html/myapp/site; chmod 755 /home/alice');
    await host.write('/srv/app.js', idle);
    await host.write('/home/alice/shop.js', idle, { owner: 'alice' });
  });
  afterAll(() => host.dispose());

  it("gives no user a directory of root's that was moved into logs", async () => {
    await host.must(
      `cd /var/www/html/myapp && install -d -o www-data site && install -d -m 700 site/backup && install -d site/open
       echo dump > site/backup/db.sql && echo x > site/open/pm2.log`,
    );
    await host.must(`install -d -o www-data ${WEB}/logs && mv /var/www/html/myapp/site ${WEB}/logs/site`, {
      user: 'www-data',
    });
    await host.must(`${pm2} start /srv/app.js --cwd /srv --name myapp`);
    await adopted(host, 'myapp');
    const owners = await host.must(`cd ${WEB}/logs/site && stat -c '%n %U' backup backup/db.sql open open/pm2.log`);
    expect(owners.split('\n').slice(0, -1)).toEqual([
      'backup root',
      'backup/db.sql root',
      'open root',
      'open/pm2.log root',
    ]);
  });

  it('takes the name of an app for a name, and prints it as one', async () => {
    for (const [home, name] of [
      ['/home/alice/one', '--yes'],
      ['/home/alice/two', '--yes'],
      ['/home/alice/one', '--to=ops'],
    ] as const) {
      await host.must(`PM2_HOME=${home} ${pm2} start /home/alice/shop.js --name=${name} --namespace shop-x`, {
        user: 'alice',
      });
    }
    const both = await adopt(host, '-- --yes');
    expect(both.status).toBe(2);
    expect(both.stdout).toMatch(
      /\n {2}choose: {3}sudo pm2-guard adopt --from \S+ -- --yes\n {12}sudo pm2-guard adopt --from \S+ -- --yes\n/,
    );
    const [, pasted = ''] = /(sudo pm2-guard adopt --from \/home\/alice\/two .*)/.exec(both.stdout) ?? [];
    expect(await host.run(pasted)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('BLOCKED BY  alice decides what these apps run.') as string,
    });
    const all = await adopt(host, '--from /home/alice/one --yes');
    const commands = [...all.stdout.matchAll(/sudo pm2-guard adopt .*/g)].map(([command]) => command);
    expect(commands).toHaveLength(4);
    for (const command of commands)
      expect(command).toMatch(/^sudo pm2-guard adopt (--(from|to|accept) \S+ |--dry-run )+-- --(yes|to=ops)$/);
    expect(await running(host, WEB)).toEqual([]);
    const accepting = commands.find((command) => command.includes('--accept') && command.endsWith('--to=ops')) ?? '';
    expect(await host.run(accepting.replace('adopt', 'adopt --yes'), { timeoutMs: 60_000 })).toMatchObject({
      status: 0,
    });
    expect(await running(host, WEB)).toEqual(['--to=ops 33 online']);
  });

  it('shows all that another user would have run, and accepts exactly that', async () => {
    const start = async (seconds: number) => {
      const shell = {
        name: 'shop-a',
        script: '/bin/sh',
        interpreter: 'none',
        args: ['-c', `sleep ${seconds}`],
        cwd: '/home/alice',
      };
      const variables = { NODE_OPTIONS: '--no-warnings', PATH: '/home/alice/bin:/opt/alice:/usr/bin:/bin' };
      const apps = [
        { name: 'shop-a', script: '/home/alice/shop.js', cwd: '/home/alice' },
        { ...shell, env: variables },
      ];
      await host.write('/home/alice/apps.json', JSON.stringify({ apps }), { owner: 'alice' });
      await host.must(`${pm2} start /home/alice/apps.json`, { user: 'alice' });
    };
    await host.must('install -d -o alice /opt/alice');
    await start(1000);
    const words = '--from alice -- shop-a';
    const { stdout } = await adopt(host, `--dry-run ${words}`);
    for (const line of [
      '  runs      node /home/alice/shop.js   in /home/alice',
      "  runs      /bin/sh -c 'sleep 1000'   in /home/alice",
      '  with      alice owns /home/alice/shop.js, and can change it at any time',
      '  with      NODE_OPTIONS=--no-warnings',
    ])
      expect(stdout).toContain(`${line}\n`);
    expect(stdout).toMatch(/\n {2}with {6}PATH=\S*\/opt\/alice/);
    const options = await acceptance(host, words);
    expect(await acceptance(host, words)).toBe(options);
    await host.must(`${pm2} delete shop-a`, { user: 'alice' });
    await start(1001);
    expect(await adopt(host, `--yes ${options} ${words}`)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('BLOCKED BY  alice decides') as string,
    });
    expect(await running(host, WEB)).toEqual([]);
  });

  it("prints no command that gives www-data a right to a path of another user's choice", async () => {
    await host.must(`${pm2} start /home/alice/shop.js --name shop-a -o /home/alice/out.log`, { user: 'alice' });
    await host.must('install -m 600 /dev/null /srv/secret; chmod 700 /home/alice');
    await host.must(`${pm2} start /bin/sh --interpreter none --name shop-b --cwd /home/alice -- -c "sleep 1000"`, {
      user: 'alice',
    });
    const { stdout } = await adopt(host, '--from alice --dry-run');
    expect(stdout).toMatch(/BLOCKED BY {2}www-data may not \w+ \/home\/alice.*; alice chose that path\n/);
    expect(stdout).not.toMatch(/setfacl|chmod|chown/);
  });

  // What a list says after the consent is not what was agreed to.
  const exchanges: [what: string, change: string][] = [
    ['another script', "{ ...own, pm_exec_path: '/home/alice/evil.js' }"],
    ['other arguments', "{ ...own, args: ['--evil'] }"],
    ['another working directory', "{ ...own, pm_cwd: '/tmp' }"],
    ['another interpreter', "{ ...own, exec_interpreter: '/home/alice/evil.js' }"],
    ['arguments for node', "{ ...own, node_args: ['--require', '/home/alice/evil.js'] }"],
    ['a variable', "{ ...own, env: { ...own.env, NODE_OPTIONS: '--require /home/alice/evil.js' } }"],
    ['a variable that is spread over the record', "{ ...own, LD_PRELOAD: '/home/alice/evil.so' }"],
    ['another app', "own, { ...own, name: 'shop-evil', pm_exec_path: '/home/alice/evil.js' }"],
  ];
  it.each(exchanges)(
    'starts what was agreed to, and no list that was exchanged afterwards: %s',
    async (what, change) => {
      const home = '/home/alice/gone';
      await host.must(
        `${pm2} start /home/alice/shop.js --name shop-a --cwd /home/alice && rm ${home}/rpc.sock ${home}/pub.sock`,
        { user: 'alice', env: { PM2_HOME: home } },
      );
      await host.write(
        '/home/alice/evil.js',
        `require('fs').writeFileSync('/tmp/evil.' + process.getuid(), ''); ${idle}`,
        { owner: 'alice' },
      );
      const exchange = `const fs = require('fs'), file = '${home}/dump.pm2';
        for (;;) {
          try {
            const [own] = JSON.parse(fs.readFileSync(file));
            fs.writeFileSync(file + '.x', JSON.stringify([${change}]));
            fs.renameSync(file + '.x', file);
            break;
          } catch {}
        }`;
      await host.write('/home/alice/exchange.js', exchange, { owner: 'alice' });
      const options = await acceptance(host, '--from alice');
      const waiting = host.start(['/usr/bin/node', '/home/alice/exchange.js'], { user: 'alice', timeoutMs: 60_000 });
      const { status, stdout, stderr } = await adopt(host, `--from alice --yes ${options}`);
      expect((await waiting.result()).status).toBe(0);
      expect([status, stderr]).toEqual([1, '']);
      const stopped = what === 'another app' ? 'shop-evil' : 'shop-a';
      expect(stdout).toContain(
        `  ${stopped}: registered in web and not started: not as the plan showed it. Look at it first\n`,
      );
      expect(await running(host, WEB)).toEqual(
        what === 'another app' ? ['shop-a 33 online', 'shop-evil - stopped'] : ['shop-a - stopped'],
      );
      expect(await host.exists('/tmp/evil.33')).toBe(false);
    },
  );

  it('starts what the list has as it was shown', async () => {
    const home = '/home/alice/gone';
    await host.must(
      `${pm2} start /home/alice/shop.js --name shop-a --cwd /home/alice
       ${pm2} start /bin/sleep --interpreter none --name shop-b -- 1000 && rm ${home}/rpc.sock`,
      { user: 'alice', env: { COLOUR: 'red', PM2_HOME: home } },
    );
    expect(await adopted(host, '--from alice')).not.toContain('registered in web and not started');
    expect(await running(host, WEB)).toEqual(['shop-a 33 online', 'shop-b 33 online']);
  });

  it('signals a daemon as its user, because another process may have the pid by then', async () => {
    // node does not tell who sent a signal. A python under the name of node counts as a daemon by its title.
    const daemon = `
import json, os, signal, socket, subprocess
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
server = socket.socket(socket.AF_UNIX)
server.bind('/home/alice/gone/rpc.sock')
server.listen()
os.unlink('/home/alice/gone/rpc.sock')
app = {'name': 'shop-a', 'pm_id': '0', 'pm_exec_path': '/home/alice/shop.js', 'pm_cwd': '/home/alice'}
child = subprocess.Popen(['/bin/sleep', '1000'], env=app)
print('ready', flush=True)
sender = signal.sigwaitinfo({signal.SIGTERM}).si_uid
child.kill()
open('/home/alice/gone/dump.pm2', 'w').write(json.dumps([{**app, 'status': 'online'}]))
open('/home/alice/sender', 'w').write(str(sender))
`;
    await host.write('/home/alice/daemon.py', daemon, { owner: 'alice' });
    await host.must('cd && mkdir gone bin && cp "$(readlink -f /usr/bin/python3)" bin/node', { user: 'alice' });
    const title = 'PM2 v7.0.4: God Daemon (/home/alice/gone)';
    const run = `PYTHONHOME=/usr exec -a '${title}' /home/alice/bin/node </home/alice/daemon.py`;
    const lost = host.start(['bash', '-c', run], { user: 'alice', timeoutMs: 120_000 });
    await lost.seen(/ready/);
    await adopt(host, `--from alice --yes ${await acceptance(host, '--from alice')}`);
    expect((await lost.result()).status).toBe(0);
    expect(await host.must('cat /home/alice/sender')).toBe(await host.must('printf %s "$(id -u alice)"'));
  });
});
