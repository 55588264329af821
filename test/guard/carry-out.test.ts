import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { joined } from '../regex.ts';

const WEB = '/var/www/.pm2';
const OPS = '/home/ops/.pm2';
const config = (top = '', web = '') => `\
${top}default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp, "shop-*"]
    paths: [/var/www/html]
${web}  ops:
    user: ops
    apps: [backup]
`;
const INTO_OPS = { user: 'ops', daemon: 'ops', pm2Home: OPS };
const place = '/usr/local/lib/pm2-guard';

/** An app that writes down who it is: kernel's ids and groups, umask, environment. */
const WHO =
  'const fs = require("fs"); fs.writeFileSync("/tmp/who-" + process.env.name, JSON.stringify({ uid: ' +
  'process.getuid(), gid: process.getgid(), groups: process.getgroups(), umask: process.umask(), env: process.env, ' +
  'status: fs.readFileSync("/proc/self/status", "utf8") })); setInterval(() => {}, 1e6);';

interface Who {
  uid: number;
  gid: number;
  groups: number[];
  umask: number;
  env: Record<string, string>;
  status: string;
}

async function who(host: Host, app: string): Promise<Who> {
  await host.must(`for i in $(seq 200); do test -s /tmp/who-${app} && exit 0; sleep 0.05; done; exit 1`);
  const text = await host.read(`/tmp/who-${app}`);
  await host.must(`rm /tmp/who-${app}`);
  return JSON.parse(text) as Who;
}

describeOnHost("root's call becomes the owner's", () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ node: '22' });
    await host.installGuard(config());
    await host.must('groupadd shared && usermod -aG shared www-data');
    await host.write('/var/www/html/who.js', WHO);
  });
  afterAll(() => host.dispose());

  it("in every id that the kernel knows, with the owner's groups, no capability left, and sudo's umask", async () => {
    const started = await host.run(
      'umask 0; NODE_ENV=production PORT=3000 SECRET_PATH=/root/key XDG_RUNTIME_DIR=/run/user/0 ' +
        'RUNNER_TRACKING_ID=github_1 pm2 start /var/www/html/who.js --name myapp',
      { cwd: '/' },
    );
    expect(started.status).toBe(0);
    const { uid, gid, groups, umask, env, status } = await who(host, 'myapp');
    const shared = Number((await host.must('getent group shared | cut -d: -f3')).trim());
    expect({ uid, gid, groups: [...groups].sort((a, b) => a - b), umask }).toEqual({
      uid: 33,
      gid: 33,
      groups: [33, shared],
      umask: 0o022,
    });
    expect(status).toMatch(/^Uid:\t33\t33\t33\t33$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(env).toMatchObject({
      NODE_ENV: 'production',
      PORT: '3000',
      HOME: '/var/www',
      USER: 'www-data',
      LOGNAME: 'www-data',
      PM2_HOME: WEB,
    });
    for (const name of ['SECRET_PATH', 'XDG_RUNTIME_DIR', 'RUNNER_TRACKING_ID']) expect(env).not.toHaveProperty(name);
    expect(
      Object.entries(env).filter(([name, value]) => /^(SUDO_|PM2_GUARD)/.test(name) || value.includes('/root')),
    ).toEqual([]);
  });

  it("leaves nothing of root's in the owner's home, and no daemon of root's", async () => {
    expect((await host.tree(WEB)).filter((file) => file.owner !== 'www-data' || file.group !== 'www-data')).toEqual([]);
    expect(host.daemons().map(({ uid, home }) => `${uid} ${home}`)).toEqual([`33 ${WEB}`]);
    expect(await host.exists('/root/.pm2')).toBe(false);
  });

  it("delivers application variables to a restart, and nothing of sudo's to a passed one", async () => {
    await host.must('sudo NODE_ENV=staging pm2 restart myapp --update-env', { user: 'deploy' });
    expect((await who(host, 'myapp')).env).toMatchObject({ NODE_ENV: 'staging' });
    expect(
      await host.run('sudo -u www-data NODE_ENV=test pm2 restart myapp --update-env', { user: 'deploy' }),
    ).toMatchObject({ status: 0, stderr: '' });
    const { env } = await who(host, 'myapp');
    expect(env).toMatchObject({ NODE_ENV: 'test' });
    expect(Object.keys(env).filter((name) => name.startsWith('SUDO_'))).toEqual([]);
  });

  it('reads a process file on standard input once, and PM2 reads it again', async () => {
    const app = (name: string) => JSON.stringify({ apps: [{ name, script: '/var/www/html/who.js', cwd: '/' }] });
    const ops = await host.run('pm2 start -', { input: app('backup'), cwd: '/' });
    expect(ops.stderr).toBe(rewritten('pm2 start -', 10, INTO_OPS));
    expect((await who(host, 'backup')).uid).toBe(host.account('ops').uid);
    expect((await host.run('pm2 start -', { input: app('shop-1'), cwd: '/' })).status).toBe(0);
    expect((await who(host, 'shop-1')).uid).toBe(33);
  });

  /** docs/contract.md section 3.3: the daemon of the path, the owner of the file, the caller, the default. */
  it.each([
    ["of root's", 'root', '644', 'root'],
    ["of alice's", 'alice', '644', 'alice'],
    ['that all users can change', 'root', '666', null],
  ])('evaluates a process file %s only as its owner', async (_, owner, mode, evaluator) => {
    const trap =
      'require("fs").appendFileSync("/tmp/evaluated", process.getuid() + "\\n"); ' +
      'module.exports = { apps: [{ name: "backup", script: "/var/www/html/who.js", cwd: "/" }] };';
    await host.write('/srv/eco.config.js', trap, { owner, mode });
    await host.must('rm -f /tmp/evaluated; touch /tmp/evaluated; chmod 666 /tmp/evaluated');
    await host.must('echo 0 > /proc/sys/fs/protected_regular 2>/dev/null || true');
    const { status, stderr } = await host.run('pm2 start /srv/eco.config.js', { cwd: '/' });
    // Where the file cannot be evaluated, nothing says whose it is: it goes to the default.
    const line =
      evaluator === null
        ? rewritten('pm2 start /srv/eco.config.js', '/srv/eco.config.js')
        : rewritten('pm2 start /srv/eco.config.js', 10, INTO_OPS);
    expect({ status, stderr }).toEqual({ status: 0, stderr: line });
    await who(host, 'backup');
    const uids = (await host.read('/tmp/evaluated')).trim().split('\n');
    const runs = evaluator === null ? 33 : host.account('ops').uid;
    const looks = evaluator === null ? [] : [host.account(evaluator).uid];
    expect([...new Set(uids)].sort()).toEqual([...looks, runs].map(String).sort());
    await host.must('PM2_GUARD=off pm2 delete backup', { user: evaluator === null ? 'www-data' : 'ops' });
  });
});

describeOnHost('root, with modes, pins and bypass', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ node: '22' });
    await host.installGuard(config());
    await host.write('/var/www/html/who.js', WHO);
    // The system's logger(1) as the guard calls it, writing where the test can read.
    await host.write('/usr/bin/logger', '#!/bin/sh\nprintf "%s\\n" "$*" >> /tmp/log\n', { mode: '755' });
    await host.must('touch /tmp/log; chmod 666 /tmp/log; echo 0 > /proc/sys/fs/protected_regular 2>/dev/null || true');
  });
  beforeEach(async () => {
    await host.must(': > /tmp/log; pkill -f "[G]od Daemon" || true; rm -rf /var/www/.pm2/*');
    await use(config());
  });
  afterAll(() => host.dispose());
  const logged = async () => {
    await host.must('for i in $(seq 100); do test -s /tmp/log && exit 0; sleep 0.02; done; true');
    return host.read('/tmp/log');
  };
  const use = (text: string) => host.write('/etc/pm2-guard/config.yaml', text);

  it('an edited config takes effect on the very next call', async () => {
    await use(config('mode: block\n'));
    const { status, stdout, stderr } = await host.run('sudo pm2 restart myapp', { user: 'deploy' });
    expect({ status, stdout, stderr }).toEqual({
      status: 126,
      stdout: '',
      stderr: [
        'pm2-guard: blocked (PG101): nothing was run',
        '  "pm2 restart myapp" as root would use root\'s own PM2 daemon (PM2_HOME /root/.pm2).',
        '  myapp belongs to daemon "web": user www-data, PM2_HOME /var/www/.pm2  (/etc/pm2-guard/config.yaml:7)',
        '  run:      sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp',
        '  details:  pm2-guard explain PG101',
        '',
      ].join('\n'),
    });
    expect(host.daemons()).toEqual([]);
    expect(await host.exists('/root/.pm2')).toBe(false);
    expect((await host.tree(WEB)).filter(({ path }) => path !== WEB)).toEqual([]);
    expect(await logged()).toMatch(
      joined(
        /^-p auth\.notice -t pm2-guard -- block caller=root login=deploy home=\/root\/\.pm2 /,
        /cwd=\/home\/deploy rule=PG101 daemon=web user=www-data command="pm2 restart myapp"$/m,
      ),
    );
    await use(config());
    await host.must(': > /tmp/log');
    expect((await host.run('pm2 ping', { cwd: '/' })).stderr).toBe(rewritten('pm2 ping', null));
    expect(await logged()).toMatch(/-- \S*rewrite.* caller=root .*command=.*pm2 ping/);
  });

  it('observe: passes as typed, and reports', async () => {
    await use(config('mode: observe\n'));
    const { status, stderr } = await host.run('pm2 restart myapp', { user: 'alice' });
    expect(status).toBe(1);
    const observed =
      'pm2-guard: observed: "pm2 restart myapp" as alice would use alice\'s own PM2 daemon ' +
      '(PM2_HOME /home/alice/.pm2); the config puts it into daemon "web": user www-data, PM2_HOME /var/www/.pm2  ' +
      '(/etc/pm2-guard/config.yaml:7)\n';
    expect(stderr.slice(0, observed.length)).toBe(observed);
    expect(await logged()).toContain('-- observed caller=alice');
  });

  for (const [bypass, allowed] of [
    ['anyone', ['root', 'alice']],
    ['root', ['root']],
    ['nobody', []],
  ] as const) {
    it(`PM2_GUARD=off with bypass: ${bypass}`, async () => {
      await use(config(`bypass: ${bypass}\n`));
      for (const user of ['root', 'alice']) {
        await host.must(': > /tmp/log');
        const { status, stderr } = await host.run('PM2_GUARD=off pm2 restart myapp', { user, cwd: '/' });
        if ((allowed as readonly string[]).includes(user)) {
          expect({ user, status }).toEqual({ user, status: 1 }); // pm2's own: not found in that user's daemon
          expect(stderr).not.toContain('pm2-guard');
          expect(await logged()).toContain(`-- bypass caller=${user}`);
        } else {
          expect(stderr).toContain(
            `PM2_GUARD=off is not for ${user} here (bypass: ${bypass}, /etc/pm2-guard/config.yaml)`,
          );
          expect(stderr).toMatch(user === 'root' ? /rewritten/ : /blocked/);
        }
        await host.must('/usr/bin/pm2 kill', { user, cwd: '/' });
      }
    });
  }

  it('pins of pm2 and node', async () => {
    await host.must(
      'mkdir -p /opt/old && cp -r /usr/lib/node_modules/pm2 /opt/old/pm2 && sed -i \'s/"version": ' +
        '"7[^"]*"/"version": "7.0.99"/\' /opt/old/pm2/package.json && cp /usr/bin/node /opt/old/node',
    );
    await use(config('', '    pm2: /opt/old/pm2/bin/pm2\n    node: /opt/old/node\n'));
    await host.must('pm2 start /var/www/html/who.js --name myapp', { cwd: '/' });
    await who(host, 'myapp');
    const [daemon] = host.daemons();
    expect(await host.must(`readlink /proc/${daemon?.pid ?? 0}/exe`)).toBe('/opt/old/node\n');
    await host.must(': > /tmp/log');
    expect(host.processes().map(({ command }) => command)).toContain(`PM2 v7.0.99: God Daemon (${WEB})`);
    expect(await host.run('pm2 ping', { cwd: '/' })).toMatchObject({ status: 0, stdout: "{ msg: 'pong' }\n" });
    expect(await logged()).toContain('-- rewrite caller=root'); // before the process became another node
    const wrong = config('', '    pm2: /opt/gone/pm2\n');
    await use(wrong);
    const missing = await host.run('pm2 ping');
    expect(missing.status).toBe(126);
    expect(missing.stderr).toContain('the pm2 pinned for daemon "web" is no pm2: /opt/gone/pm2\n');
    await use(config('', '    node: /opt/gone/node\n'));
    const noNode = await host.run('pm2 ping');
    expect(noNode.status).toBe(126);
    expect(noNode.stderr).toContain('The node pinned in the config cannot be run: /opt/gone/node\n');
  });

  it('a pinned node that is no program: blocked before a notice, and no abort of node', async () => {
    await host.must(
      'mkdir -p /opt/bad/node.d; cd /opt/bad; echo text >text; echo "#!/nowhere/sh" >script; chmod 755 *',
    );
    for (const node of ['/opt/bad/node.d', '/opt/bad/text', '/opt/bad/script']) {
      await use(config('', `    node: ${node}\n`));
      const { status, stderr } = await host.run('pm2 ping', { cwd: '/' });
      expect([status, stderr]).toEqual([
        126,
        'pm2-guard: blocked (PG114): nothing was run\n' +
          `  The node pinned in the config cannot be run: ${node}\n` +
          '  fix:      correct "node:" in the config, then: pm2-guard check\n' +
          '  details:  pm2-guard explain PG114\n',
      ]);
    }
  });

  it('a pinned node: `user:` of a process file is dropped there too', async () => {
    const apps = '[{ name: "myapp", script: "/var/www/html/who.js", user: "www-data" }]';
    await host.write('/var/www/html/own.config.js', `module.exports = { apps: ${apps} };`);
    await host.must('cp /usr/bin/node /opt/node-b');
    await host.write('/opt/wrapper', '#!/bin/sh\nexec /opt/node-b "$@"\n', { mode: '755' });
    for (const node of ['/opt/node-b', '/opt/wrapper']) {
      await use(config('', `    node: ${node}\n`));
      const { status, stderr } = await host.run('NODE_ENV=test pm2 start /var/www/html/own.config.js', { cwd: '/' });
      expect([status, stderr]).toEqual([0, rewritten('pm2 start /var/www/html/own.config.js', 7)]);
      const { uid, env } = await who(host, 'myapp');
      expect([uid, env['NODE_ENV']]).toEqual([33, 'test']);
      expect(Object.keys(env).filter((name) => name.startsWith('PM2_GUARD'))).toEqual([]);
      const [daemon] = host.daemons();
      expect(await host.must(`readlink /proc/${daemon?.pid ?? 0}/exe`)).toBe('/opt/node-b\n');
      await host.must('/usr/bin/pm2 kill', { user: 'www-data' });
    }
  });

  it("no node that the owner can run: the system's, or a clear word", async () => {
    await host.must(
      `install -d -m 700 /root/node && cp /usr/bin/node /root/node/node && ln -sfn /root/node/node ${place}/node`,
    );
    await host.must('pm2 ping', { cwd: '/' });
    expect(await host.must(`readlink /proc/${host.daemons()[0]?.pid ?? 0}/exe`)).toBe('/usr/bin/node\n');
    await host.must('/usr/bin/pm2 kill', { user: 'www-data' });
    await host.must('mv /usr/bin/node /usr/bin/node.away');
    try {
      const refused = await host.run('pm2 ping', { cwd: '/' });
      expect(refused.status).toBe(126);
      expect(refused.stderr).toContain('(PG114): nothing was run\n  www-data cannot run /root/node/node, ');
    } finally {
      await host.must(`mv /usr/bin/node.away /usr/bin/node; ln -sfn /usr/bin/node ${place}/node`);
    }
  });

  it('startup: -u and --hp filled in, the unit as plain pm2 writes it for the owner', async () => {
    await host.standInSystemctl();
    const { status, stderr } = await host.run('sudo pm2 startup systemd -u www-data', { user: 'deploy' });
    const line = rewritten('pm2 startup systemd -u www-data', 3).replace('runs as', 'is for');
    expect({ status, stderr }).toEqual({ status: 0, stderr: line });
    const unit = await host.read('/etc/systemd/system/pm2-www-data.service');
    expect(unit).toContain('User=www-data\n');
    expect(unit).toContain('Environment=PM2_HOME=/var/www/.pm2\n');
    expect(unit).toContain('ExecStart=/usr/lib/node_modules/pm2/bin/pm2 resurrect\n');
    expect(host.daemons()).toEqual([]);
  });

  it("T25: startup without root: the line that pm2 prints names the daemon's directory", async () => {
    const typed = 'pm2 startup systemd -u www-data --hp /var/www';
    const printed = async (line: string) => /sudo env .*/.exec((await host.run(line, { user: 'ops' })).stdout)?.[0];
    expect(await printed(`PM2_GUARD=off ${typed}`)).toMatch(/ -u www-data --hp \/home\/ops$/);
    expect(await printed(typed)).toMatch(/ -u www-data --hp \/var\/www$/);
    expect(await printed('pm2 startup systemd -u www-data')).toMatch(/ -u www-data --hp \/var\/www$/);
    expect(await printed('pm2 startup systemd')).toMatch(/ -u ops --hp \/home\/ops$/);
    expect(await printed('HOME=/srv pm2 startup systemd')).toMatch(/ -u ops --hp \/home\/ops$/);
    await host.must('PM2_GUARD=off pm2 kill', { user: 'ops' });
  });

  it('the config of PM2_GUARD_CONFIG: for a caller himself, not through sudo', async () => {
    await host.write('/etc/pm2-guard/other.yaml', config('mode: block\n'));
    expect(await host.run('PM2_GUARD_CONFIG=/etc/pm2-guard/other.yaml pm2 ping')).toMatchObject({ status: 126 });
    expect(
      (await host.run('sudo PM2_GUARD_CONFIG=/etc/pm2-guard/other.yaml pm2 ping', { user: 'deploy' })).stderr,
    ).toContain('rewritten');
  });

  it('the config of PM2_GUARD_CONFIG names a daemon that is unknown behind sudo: nothing is run', async () => {
    await use(config());
    const other = config().replaceAll('web', 'site').replace(WEB, '/srv/site/.pm2');
    await host.write('/etc/pm2-guard/other.yaml', other);
    const deploy = { user: 'deploy', env: { PM2_GUARD_CONFIG: '/etc/pm2-guard/other.yaml' } };
    const { status, stderr } = await host.run('pm2 restart myapp', deploy);
    expect(status).toBe(126);
    expect(stderr).toContain('  "pm2 restart myapp" would go through sudo, which drops PM2_GUARD_CONFIG: ');
    expect((await host.run(`pm2-guard explain -- pm2 restart myapp`, deploy)).stdout).toContain(stderr.split('\n')[1]);
    // The same, where sudo has another config than the caller for another reason.
    const behind = await host.run(`sudo -u www-data ${place}/bin/pm2 --pm2-guard-daemon=site restart myapp`, {
      user: 'deploy',
    });
    expect(behind.status).toBe(126);
    expect(behind.stderr).toContain(
      '  "pm2 restart myapp" came through sudo for daemon "site", and /etc/pm2-guard/config.yaml declares no such ' +
        'daemon of www-data.\n',
    );
    expect(host.daemons()).toEqual([]);
  });

  it("a user's directory of compiled code: not used, not even the user's own", async () => {
    const cache = '/var/cache/pm2-guard/33';
    await host.must(
      `install -d -m 700 -o www-data -g www-data ${cache}; pm2 jlist >/dev/null; sudo -u www-data pm2 jlist >/dev/null`,
      { cwd: '/' },
    );
    expect((await host.tree(cache)).filter(({ type }) => type === 'f')).toEqual([]);
    await host.must(`rmdir ${cache}`);
  });

  it('not found, and it lives in another declared daemon: one line says where', async () => {
    await host.write('/home/ops/stray.js', 'setInterval(() => {}, 1e6)', { owner: 'ops' });
    await host.must('chmod 755 /home/ops'); // else www-data cannot look there
    // A stray of the time before the guard: web's by the config, ops' in fact.
    await host.must('/usr/bin/pm2 start /home/ops/stray.js --name shop-9 && /usr/bin/pm2 save', { user: 'ops' });
    const { status, stderr } = await host.run('sudo -u www-data pm2 restart shop-9', { user: 'deploy', cwd: '/' });
    expect(status).toBe(1);
    const hint = `pm2-guard: shop-9 is in daemon "ops" (user ops, PM2_HOME ${OPS}):  sudo -u ops PM2_HOME=${OPS} pm2`;
    expect(stderr).toMatch(/^[^]*not found\n/);
    expect(stderr.split('\n').slice(-2)).toEqual([`${hint} restart shop-9`, '']);
    const described = await host.run('sudo -u www-data pm2 describe shop-9', { user: 'deploy', cwd: '/' });
    expect(described.stderr).toContain(`${hint} describe shop-9\n`);
    expect((await host.run('sudo -u www-data pm2 restart shop-8', { user: 'deploy', cwd: '/' })).stderr).not.toContain(
      'pm2-guard',
    );
    await host.must('/usr/bin/pm2 kill', { user: 'ops' });
  });

  it('ops is another daemon all the while', async () => {
    await host.must('pm2 ping', { user: 'ops' });
    expect(host.daemons().map(({ home }) => home)).toEqual([OPS]);
  });
});

for (const node of ['18', '20', '24', '26'] as const) {
  describeOnHost(`Node ${node}`, () => {
    it('passes, rewrites and blocks', async () => {
      const host = await createHost({ node });
      try {
        await host.installGuard(config());
        await host.write('/var/www/html/who.js', WHO);
        await host.must('sudo pm2 start /var/www/html/who.js --name myapp', { user: 'deploy', cwd: '/' });
        expect(await who(host, 'myapp')).toMatchObject({ uid: 33, gid: 33 });
        expect(await host.run('sudo -u www-data pm2 restart myapp', { user: 'deploy', cwd: '/' })).toMatchObject({
          status: 0,
          stderr: '',
        });
        expect(await host.run('pm2 restart myapp', { user: 'alice' })).toMatchObject({ status: 126, stdout: '' });
        expect(host.daemons()).toHaveLength(1);
      } finally {
        await host.dispose();
      }
    });
  });
}
