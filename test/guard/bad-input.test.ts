import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';

const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
    paths: [/var/www/html]
  ops:
    user: ops
    apps: [backup]
`;
const place = '/usr/local/lib/pm2-guard';
const record = (pm2: string | null) => `${JSON.stringify({ version: '0.1.0', pm2, node: '/usr/bin/node' })}\n`;

describeOnHost('a call that is hard to make sense of, or a host in a bad state', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ node: '22' });
    await host.installGuard(CONFIG);
    await host.must(
      'echo "setInterval(() => {}, 1e6)" > /var/www/html/idle.js; chown www-data /var/www/html/idle.js; cd /; pm2 ' +
        'start /var/www/html/idle.js --name myapp',
    );
  });
  afterAll(() => host.dispose());

  it('argv with control characters: shown escaped, in one line each', async () => {
    const { status, stderr } = await host.exec([
      'pm2',
      'restart',
      'my\u001b[2Japp\n\rx\u009b\u202e',
      'myapp',
      'backup',
    ]);
    expect(status).toBe(126);
    expect(stderr).toContain('my\\x1b[2Japp\\x0a\\x0dx\\x9b\\u202e');
    expect(stderr).not.toMatch(/[\u001b\r\u009b\u202e]/);
  });

  it('argv of 100,000 characters', async () => {
    const long = 'x'.repeat(100_000);
    expect(await host.exec(['pm2', 'restart', long, 'myapp', '--mini-list'])).toMatchObject({ status: 1 });
    const blocked = await host.exec(['pm2', 'restart', long, 'myapp', 'backup']);
    expect(blocked.status).toBe(126);
  });

  it('argv that is no UTF-8: judged, and carried through', async () => {
    const { status, stderr } = await host.run(`pm2 restart "$(printf 'bad\\377name')" myapp`);
    expect(stderr).toMatch(/^pm2-guard: rewritten: "pm2 restart .*name.* myapp" runs as www-data in daemon "web" /);
    expect(status).toBe(1);
  });

  it('a working directory that was deleted: a call that needs none goes on', async () => {
    const gone = 'mkdir -p /srv/gone && cd /srv/gone && rmdir /srv/gone && ';
    const restarted = await host.run(`${gone}pm2 restart myapp`);
    expect(restarted).toMatchObject({ status: 0 });
    const started = await host.run(`${gone}pm2 start app.js --name myapp`);
    expect(started.status).toBe(126);
    expect(started.stderr).toContain(
      'pm2-guard: blocked (PG111): nothing was run\n' +
        '  "pm2 start app.js --name myapp": the working directory was deleted, and the app would run there.\n' +
        '  fix:      ',
    );
  });

  it('a working directory that the owner may not enter', async () => {
    await host.must('install -d -m 700 /root/secret');
    expect(await host.run('pm2 restart myapp', { cwd: '/root/secret' })).toMatchObject({ status: 0 });
    const started = await host.run('pm2 start app.js --name myapp', { cwd: '/root/secret' });
    expect(started.status).toBe(126);
    expect(started.stderr).toContain(
      'pm2-guard: blocked (PG111): nothing was run\n' +
        '  "pm2 start app.js --name myapp" would run as www-data in daemon "web". ' +
        'www-data cannot enter /root/secret: /root is closed (mode 0700).\n',
    );
  });

  describe('a script by its absolute path, from a directory that the owner may not enter', () => {
    const from = { cwd: '/home/deploy' };
    const offered = (stderr: string) => [...stderr.matchAll(/^ {2}(?:run|run all): *|^ {12}(?=sudo )/gm)].length;
    const lines = (stderr: string) => [...stderr.matchAll(/sudo pm2 start .*$/gm)].map(([line]) => line);
    beforeAll(async () => {
      await host.must('chmod 700 /home/deploy && mkdir -p /srv/one /srv/two /srv/three');
      for (const name of ['one', 'two', 'three'])
        await host.must(`printf 'setInterval(() => {}, 1000)\\n' > '/srv/${name}/app.js'`);
    });
    afterAll(() => host.run('sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 delete one three'));
    const cwds = async () =>
      new Map((await host.apps('/var/www/.pm2')).map(({ name, pm2 }) => [name, pm2['pm_cwd']]));

    it.each([
      ['/srv/one/app.js --name one', 'one', '/srv/one', 'sudo pm2 start /srv/one/app.js --name one --cwd /srv/one'],
      [
        '/srv/three/app.js --name three -- --cwd x',
        'three',
        '/srv/three',
        'sudo pm2 start /srv/three/app.js --name three --cwd /srv/three -- --cwd x',
      ],
    ])('%s: the same call with --cwd', async (words, name, directory, line) => {
      const { status, stderr } = await host.run(`pm2 start ${words}`, from);
      expect(status).toBe(126);
      expect(stderr).toContain('blocked (PG111)');
      expect(lines(stderr)).toEqual([line]);
      expect(offered(stderr)).toBe(1);
      expect(await host.run(line, { user: 'deploy', ...from })).toMatchObject({ status: 0 });
      expect((await cwds()).get(name)).toBe(directory);
    });

    it('typed by an operator: without sudo', async () => {
      const { status, stderr } = await host.run('pm2 start /srv/two/app.js --name one', { user: 'deploy', ...from });
      expect(status).toBe(126);
      expect(stderr).toMatch(/^ {2}run: +pm2 start \/srv\/two\/app\.js --name one --cwd \/srv\/two$/m);
    });

    it('two scripts: one call each', async () => {
      const { stderr } = await host.run('pm2 start /srv/one/app.js /srv/two/app.js', from);
      expect(lines(stderr)).toEqual([
        'sudo pm2 start /srv/one/app.js --cwd /srv/one',
        'sudo pm2 start /srv/two/app.js --cwd /srv/two',
      ]);
    });

    it.each(['npm --name one -- start', '/srv/one/app.js app.js', '/srv/one/app.js -o out.log', '/srv/none/app.js'])(
      '%s: nothing is offered that would mean something else',
      async (words) => {
        const { status, stderr } = await host.run(`pm2 start ${words}`, from);
        expect(status).toBe(126);
        expect(lines(stderr)).toEqual([]);
        expect(stderr).toContain('fix:');
      },
    );
  });

  it('PATH empty or unset', async () => {
    for (const env of ['PATH=', '-u PATH']) {
      expect(await host.run(`/usr/bin/env ${env} /usr/local/bin/pm2 restart myapp`)).toMatchObject({ status: 0 });
    }
  });

  it('HOME unset or empty', async () => {
    for (const env of ['-u HOME', 'HOME=']) {
      const { status, stderr } = await host.run(`env ${env} pm2 restart myapp`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: rewritten('pm2 restart myapp', 6) });
    }
  });

  it('no /proc', async () => {
    const { status, stderr } = await host.run('unshare --mount sh -c "umount -l /proc; pm2 restart myapp"');
    expect(stderr).toContain(rewritten('pm2 restart myapp', 6));
    expect(status).toBe(0);
  });

  it("stderr closed: the call goes on, stdout is pm2's alone", async () => {
    const { status, stdout } = await host.run('pm2 jlist 2>&-');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'myapp' }]);
  });

  it('a uid without an account', async () => {
    const { status, stderr } = await host.run('setpriv --reuid 54321 --regid 54321 --clear-groups pm2 restart myapp', {
      cwd: '/',
    });
    expect(status).toBe(126);
    expect(stderr).toContain(
      'pm2-guard: blocked (PG101): nothing was run\n' + '  "pm2 restart myapp" is not for #54321 to run.\n',
    );
  });

  for (const [what, serve] of [
    ['hangs', 'require("net").createServer(() => {}).listen(process.argv[1])'],
    [
      'answers nonsense',
      'require("net").createServer((s) => { s.on("error", () => {}); s.write(require("crypto").randomBytes(4096)); ' +
        '}).listen(process.argv[1])',
    ],
    [
      'drips',
      'require("net").createServer((s) => { s.on("error", () => {}); setInterval(() => s.write("x"), 50); ' +
        '}).listen(process.argv[1])',
    ],
  ] as const) {
    it(`a daemon whose socket ${what} does not hang the verdict`, async () => {
      await host.must('install -d -o ops -g ops /home/ops/.pm2');
      const liar = host.start(['/usr/bin/node', '-e', serve, '/home/ops/.pm2/rpc.sock'], { user: 'ops' });
      try {
        await host.must('until [ -S /home/ops/.pm2/rpc.sock ]; do sleep 0.02; done');
        const { status, stderr, milliseconds } = await host.run('pm2 restart nowhere --mini-list');
        expect(stderr).toContain(rewritten('pm2 restart nowhere --mini-list', 'nowhere'));
        expect(status).toBe(1); // pm2's own: not found
        expect(milliseconds).toBeLessThan(5000);
      } finally {
        liar.kill('SIGKILL');
        await liar.result();
        await host.must('rm -f /home/ops/.pm2/rpc.sock');
      }
    });
  }

  it('a dead socket: no daemon is asked, none is started there', async () => {
    await host
      .must(
        'setpriv --reuid ops --regid ops --clear-groups /usr/bin/node -e ' +
          `'require("net").createServer().listen("/home/ops/.pm2/rpc.sock", () => process.kill(process.pid, ` +
          `"SIGKILL"))'; test -S /home/ops/.pm2/rpc.sock`,
      )
      .catch(() => undefined);
    expect((await host.run('pm2 restart nowhere')).stderr).toContain(rewritten('pm2 restart nowhere', 'nowhere'));
    expect(host.daemons().map(({ home }) => home)).toEqual(['/var/www/.pm2']);
    await host.must('rm -f /home/ops/.pm2/rpc.sock');
  });
});

describeOnHost('the real pm2', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ node: '22' });
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());
  const withRecord = async (pm2: string | null, path = '/usr/local/bin:/usr/bin:/bin') => {
    await host.write(`${place}/install.json`, record(pm2));
    return host.run(`PATH=${path} /usr/local/bin/pm2 ping`, { cwd: '/' });
  };

  it('vanished: the one in PATH', async () => {
    expect(await withRecord('/opt/gone/bin/pm2')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('pong') as string,
    });
  });

  it('nowhere: 127, and what to type', async () => {
    const { status, stdout, stderr } = await withRecord('/opt/gone/bin/pm2', '/usr/local/bin:/bin2');
    expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
    const [first, second, third, ...rest] = stderr.split('\n');
    expect(first).toBe('pm2-guard: blocked (PG302): PM2 itself is not installed');
    expect(second).toBe('  Running apps are not affected. The running daemons are of PM2 7.0.4. Looked at:');
    expect(third).toBe('    /opt/gone/bin/pm2 does not exist');
    expect(rest.slice(-3)).toEqual([
      // The version of the daemon that runs.
      '  fix:      sudo npm install -g pm2@7.0.4 && sudo pm2-guard install',
      '  details:  pm2-guard explain PG302',
      '',
    ]);
  });

  it('a loop to us: by a link, by a copy, by a wrapper; never taken', async () => {
    await host.must(
      `mkdir -p /opt/link /opt/copy /opt/wrapper && ln -s ${place}/bin/pm2 /opt/link/pm2 && cp ${place}/bin/pm2 ` +
        `/opt/copy/pm2 && printf '#!/bin/sh\\nexec pm2 "$@"\\n' > /opt/wrapper/pm2 && chmod 755 /opt/wrapper/pm2`,
    );
    for (const loop of ['link', 'copy', 'wrapper']) {
      const { status, stderr } = await withRecord(`/opt/${loop}/pm2`, `/usr/local/bin:/opt/${loop}`);
      expect({ loop, status }).toEqual({ loop, status: 127 });
      expect(stderr).toContain(`/opt/${loop}/pm2 is `);
    }
  });

  it('not executable in PATH: passed over, and said', async () => {
    await host.must(
      'mkdir -p /opt/plain && cp -r /usr/lib/node_modules/pm2 /opt/plain/ && ln -s pm2/bin/pm2 /opt/plain/pm2x && ' +
        'chmod 644 /opt/plain/pm2/bin/pm2 && mkdir /opt/noexec && ln -s ../plain/pm2/bin/pm2 /opt/noexec/pm2',
    );
    await host.write(`${place}/install.json`, record(null));
    const { status, stderr } = await host.run('PATH=/opt/noexec /usr/local/bin/pm2 ping', { user: 'ops' });
    expect(status).toBe(127);
    expect(stderr).toContain('/opt/noexec/pm2 is not executable');
  });

  it('a decoy in PATH that others could have put there: never run as root', async () => {
    const decoy = 'require("fs").writeFileSync("/tmp/decoy-ran", String(process.getuid()))';
    await host.write('/srv/decoy/pm2/package.json', '{"name":"pm2","version":"7.0.4"}', { owner: 'alice' });
    await host.write('/srv/decoy/pm2/bin/pm2', decoy, { owner: 'alice', mode: '755' });
    await host.must('mkdir /srv/decoy/bin && ln -s ../pm2/bin/pm2 /srv/decoy/bin/pm2 && chown -R alice /srv/decoy');
    // The pm2 of the system runs, for root and for the owner that root switches to.
    expect(await withRecord(null, '/srv/decoy/bin:/usr/local/bin')).toMatchObject({ status: 0 });
    await host.write('/etc/pm2-guard/config.yaml', 'daemons:\n  system:\n    user: root\n');
    expect(await withRecord(null, '/srv/decoy/bin:/usr/local/bin')).toMatchObject({ status: 0 });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    expect(await host.exists('/tmp/decoy-ran')).toBe(false);
  });

  it('recorded where others may write: not run as root, but as its owner it is', async () => {
    await host.write('/etc/pm2-guard/config.yaml', 'daemons:\n  system:\n    user: root\n  ops:\n    user: ops\n');
    await host.must('cp -r /usr/lib/node_modules/pm2 /srv/pm2 && chmod g+w /srv/pm2/bin/pm2');
    const asRoot = await withRecord('/srv/pm2/bin/pm2');
    expect(asRoot.status).toBe(126);
    expect(asRoot.stderr).toContain(
      'pm2-guard: blocked (PG113): nothing was run\n' +
        '  "pm2 ping": root would run /srv/pm2/bin/pm2, which other users can change.\n' +
        '  /srv/pm2/bin/pm2 is writable by its group (mode 0775)\n  fix:      as root:  chmod go-w ' +
        '/srv/pm2/bin/pm2 && ',
    );
    expect(await host.run('pm2 ping', { user: 'ops' })).toMatchObject({ status: 0 });
  });

  it('newer than all we know: said with a verdict, read by the newest grammar', async () => {
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must(
      'cp -r /usr/lib/node_modules/pm2 /opt/pm2 && sed -i \'s/"version": "7[^"]*"/"version": "9.1.0"/\' ' +
        '/opt/pm2/package.json',
    );
    const { status, stderr } = await withRecord('/opt/pm2/bin/pm2');
    expect(status).toBe(0);
    const newer = "pm2-guard: PM2 9.1.0 is newer than this pm2-guard knows; its command line is read as PM2 7's\n";
    expect(stderr.slice(0, newer.length + 30)).toBe(newer + rewritten('pm2 ping', null).slice(0, 30));
  });
});
