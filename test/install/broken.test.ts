import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type RunOptions } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { joined } from '../regex.ts';

const CONFIG =
  'default: ops\ndaemons:\n  ops: { user: ops, apps: [backup] }\n  system: { user: root, apps: [watch] }\n';
const LOGS = 'pm2 logs backup --nostream';
const INTO_OPS = { user: 'ops', daemon: 'ops', pm2Home: '/home/ops/.pm2' };
const LIBRARY = '/usr/local/lib/pm2-guard';
const REAL = '/usr/lib/node_modules/pm2/bin/pm2';
const DAMAGE = {
  'the bundle is gone': `rm ${LIBRARY}/bin/../pm2.cjs`,
  'the bundle is cut off': `truncate -s 30000 ${LIBRARY}/bin/../pm2.cjs`,
  'the bundle is empty': `: > ${LIBRARY}/bin/../pm2.cjs`,
  'the bundle cannot be read': `cd -P ${LIBRARY}/bin/.. && chmod 000 pm2.cjs && mkdir x
    mount --bind x pm2.cjs 2>/dev/null || { rm pm2.cjs; mkdir pm2.cjs; }`,
};

/** A call that plain pm2 answers in the caller's daemon, and the guard in the daemon of ops. */
describeOnHost('a damaged installation', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    // The system's logger(1) as the guard calls it, writing where the test can read.
    await host.write('/usr/bin/logger', '#!/bin/sh\nprintf "%s\\n" "$*" >> /srv/log\n', { mode: '755' });
    await host.must('touch /srv/log && chmod 666 /srv/log');
    await host.must(
      `cp -a ${LIBRARY} /opt/whole && cp -a /var/lib/pm2-guard /opt/state && cp -a /etc/pm2-guard /opt/config`,
    );
  });
  afterAll(() => host.dispose());
  afterEach(async () => {
    await host.must(
      `rm -rf ${LIBRARY} /var/lib/pm2-guard /etc/pm2-guard && cp -a /opt/whole ${LIBRARY} && cp -a /opt/state ` +
        '/var/lib/pm2-guard && cp -a /opt/config /etc/pm2-guard',
    );
  });
  const onError = async (choice: 'open' | 'closed') => {
    await host.write('/etc/pm2-guard/config.yaml', `on_error: ${choice}\n${CONFIG}`);
    await host.must(
      'until pm2 id backup > /dev/null 2>&1 && grep -q "^{\\"onError\\":\\"' +
        choice +
        '\\",$" /var/lib/pm2-guard/policy.json; do sleep 0.1; done',
    );
  };
  const call = (options: RunOptions = {}) => host.run('pm2 id backup', options);
  /** A rewrite of `id`, which programs read, prints no notice; of `logs` it does. */
  const logs = () => host.run(LOGS);
  const isPlain = (homes: string[]) => {
    expect(host.daemons().map(({ home }) => home)).toEqual(expect.arrayContaining(homes));
  };

  for (const [what, damage] of Object.entries(DAMAGE)) {
    it(`${what}: the real pm2 runs, with one line about it`, async () => {
      await host.must(damage);
      for (const user of ['root', 'alice']) {
        const { status, stdout, stderr } = await call({ user, env: { PM2_GUARD_CONFIG: '/nowhere' } });
        expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/\[\]\s*$/) as string });
        expect(stderr).toMatch(
          /^pm2-guard: unguarded: the installation is damaged: .+; run: sudo \/usr\/src\/pm2-guard\/install\.sh\n$/,
        );
      }
      isPlain(['/root/.pm2', '/home/alice/.pm2']);
    });
  }

  it('on_error: closed: nothing runs, and the message says how to reach the real pm2', async () => {
    await onError('closed');
    await host.must(DAMAGE['the bundle is cut off']);
    for (const user of ['root', 'alice']) {
      const { status, stdout, stderr } = await call({ user });
      expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(
          `^pm2-guard: the installation is damaged: .+\\n {2}run: {8}sudo /usr/src/pm2-guard/install\\.sh\\n ` +
            `{2}unguarded: {2}node ${REAL}\\n$`,
        ),
      );
      expect(await host.run(`node ${REAL} id backup`, { user })).toMatchObject({ status: 0 });
    }
  });

  it('what the app gets is what plain pm2 gives it', async () => {
    await host.must(DAMAGE['the bundle is gone']);
    await host.must('echo "setInterval(() => {}, 1e6)" > /home/alice/idle.js');
    const env = { PM2_GUARD: 'on', PM2_GUARD_CONFIG: '/nowhere', NODE_ENV: 'production' };
    const { status } = await host.run('env -u PWD -u SHLVL pm2 start idle.js --name idle', { user: 'alice', env });
    expect(status).toBe(0);
    const [app] = await host.apps('/home/alice/.pm2');
    expect(app?.env).toMatchObject({ NODE_ENV: 'production' });
    expect(Object.keys(app?.env ?? {}).filter((name) => name.startsWith('PM2_GUARD') || name === 'PWD')).toEqual([]);
    await host.must(`node ${REAL} delete idle`, { user: 'alice' });
  });

  it('a call that came through sudo for a daemon by its name is not carried out somewhere else', async () => {
    await host.must(DAMAGE['the bundle is gone']);
    expect(await host.run('pm2 --pm2-guard-daemon=ops id backup', { user: 'ops' })).toMatchObject({
      status: 127,
      stdout: '',
    });
  });

  describe('as root, never what others can change', () => {
    const trusting = async (change: string, undo: string) => {
      await host.must(`${DAMAGE['the bundle is gone']}; ${change}`);
      try {
        const { status, stdout, stderr } = await host.run('pm2 --version; echo "status $?"', {
          env: { PATH: '/usr/local/bin:/home/alice/bin:/usr/bin:/bin' },
        });
        expect({ status, stdout }).toEqual({ status: 0, stdout: 'status 127\n' });
        expect(stderr).toContain('unguarded:  node ');
        expect(await host.exists('/tmp/ran')).toBe(false);
      } finally {
        await host.must(`${undo}; rm -rf /home/alice/bin`);
      }
    };
    const DECOY =
      'mkdir -p /home/alice/bin; printf "#!/bin/sh\\ntouch /tmp/ran\\n" > /home/alice/bin/pm2; chmod 755 ' +
      '/home/alice/bin/pm2; chown -R alice /home/alice';
    it('the recorded pm2 is writable by its group', () => trusting(`${DECOY}; chmod g+w ${REAL}`, `chmod g-w ${REAL}`));
    it('a user owns what it loads', () =>
      trusting(
        'chown alice /usr/lib/node_modules/pm2/lib/binaries/CLI.js',
        'chown root /usr/lib/node_modules/pm2/lib/binaries/CLI.js',
      ));
    it('a user owns the directory above', () =>
      trusting('chown alice /usr/lib/node_modules', 'chown root /usr/lib/node_modules'));
    it('a user owns the record', () =>
      trusting(
        `${DECOY}; echo '{"pm2":"/home/alice/bin/pm2"}' > ${LIBRARY}/install.json; chown alice ${LIBRARY}/install.json`,
        ':',
      ));
    it('the record names a link to it', () =>
      trusting(
        `${DECOY}; ln -s /home/alice/bin/pm2 /opt/pm2; echo '{"pm2":"/opt/pm2"}' > ${LIBRARY}/install.json`,
        'rm /opt/pm2',
      ));
    it('the record is damaged: only the message is left', () =>
      trusting(`${DECOY}; echo '{"pm2' > ${LIBRARY}/install.json`, ':'));
    it('the record names ourselves', () =>
      trusting(`echo '{"pm2":"${LIBRARY}/bin/pm2"}' > ${LIBRARY}/install.json`, ':'));
    it('but an on_error that others wrote is not believed', async () => {
      await onError('closed');
      await host.must(`${DAMAGE['the bundle is gone']}; chown alice /var/lib/pm2-guard/policy.json`);
      expect(await call()).toMatchObject({ status: 0 });
    });
  });

  it('install.json is damaged or gone: the guard finds the real pm2 itself', async () => {
    for (const damage of [`echo '{' > ${LIBRARY}/install.json`, `rm ${LIBRARY}/install.json`]) {
      await host.must(damage);
      expect(await logs()).toMatchObject({ status: 0, stderr: rewritten(LOGS, 3, INTO_OPS) });
    }
  });

  it('the part that reads the config is gone: the last good policy holds, and without one pm2 runs', async () => {
    await host.must(`rm ${LIBRARY}/bin/../load-policy.cjs; touch /etc/pm2-guard/config.yaml`);
    const held = await logs();
    expect(held.status).toBe(0);
    expect(held.stderr).toContain('so the last good policy holds for this call, ');
    expect(held.stderr).toContain(rewritten(LOGS, 3, INTO_OPS));
    await host.must('rm /var/lib/pm2-guard/policy.json');
    const { status, stderr } = await call();
    expect(status).toBe(0);
    expect(stderr).toMatch(
      joined(
        /^pm2-guard: unguarded: \/etc\/pm2-guard\/config\.yaml: cannot be read by pm2-guard: .*, /,
        /there is no last good policy, and on_error is open; see: pm2-guard check\n$/,
      ),
    );
  });

  it('the state is gone or closed: the config is read anew, and holds', async () => {
    for (const damage of [
      'rm -r /var/lib/pm2-guard',
      'mkdir -m 000 /var/lib/pm2-guard',
      'rmdir /var/lib/pm2-guard; touch /var/lib/pm2-guard',
    ]) {
      await host.must(damage);
      const { status, stderr } = await host.run('pm2 id backup', { user: 'alice' });
      expect(status).toBe(126);
      expect(stderr).toContain('blocked (PG101): nothing was run\n  "pm2 id backup" is not for alice to run.\n');
    }
  });

  it('node is gone: 127, and the words to type', async () => {
    await host.must('mv /usr/bin/node /opt/node');
    try {
      for (const user of ['root', 'alice']) {
        const { status, stderr } = await call({ user });
        expect(status).toBe(127);
        expect(stderr).toMatch(
          new RegExp(`run: {2}sudo NODE ${LIBRARY}/bin/pm2-guard install .*\\n {2}unguarded: {2}NODE ${REAL}\\n$`),
        );
      }
      expect(
        await host.run(`/opt/node ${REAL} id backup`, { user: 'alice', env: { PATH: '/opt:/usr/bin:/bin' } }),
      ).toMatchObject({ status: 0 });
      const installed = await host.run(`/opt/node ${LIBRARY}/bin/pm2-guard install && ${LOGS}`);
      expect(installed.status).toBe(0);
      expect(installed.stderr).toContain(rewritten(LOGS, 3, INTO_OPS));
    } finally {
      await host.must('mv /opt/node /usr/bin/node');
    }
  });

  it('node is too old: the real pm2 runs with it, as it would have', async () => {
    await host.write(
      '/srv/old.js',
      'Object.defineProperty(process, "versions", { value: Object.assign({}, process.versions, { node: "16.20.2" }) })',
    );
    expect(await host.run(`node -r /srv/old.js ${LIBRARY}/bin/pm2 id backup`)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(
        /^pm2-guard: unguarded: \/usr\/bin\/node is node 16\.20\.2, and pm2-guard needs 18 or newer; run: .*\n$/,
      ) as string,
    });
  });

  it('/usr/local is not there: PATH leads on to the real pm2', async () => {
    const plain = await host.run(
      'unshare --mount sh -c "umount -l /usr/local 2>/dev/null; mount -t tmpfs none /usr/local; exec su -l alice ' +
        "-c 'command -v pm2; pm2 id backup; sudo -V | head -n 1'\"",
    );
    expect(plain).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringMatching(/^\/usr\/bin\/pm2\n[^]*\[\]\s*Sudo version/) as string,
    });
  });

  describe('a damaged policy', () => {
    const BROKEN = 'defualt: ops\ndaemons:\n  ops: { user: ops }\n';
    const policy = async (text: string, user = 'root') => {
      await host.write('/etc/pm2-guard/config.yaml', text);
      await host.must('rm -f /var/lib/pm2-guard/policy.json');
      return call({ user });
    };
    it('blocks by itself', async () => {
      expect(await policy(BROKEN)).toMatchObject({
        status: 78,
        stdout: '',
        stderr: expect.stringContaining('PG301') as string,
      });
    });
    it('blocks with on_error: closed', async () => {
      expect(await policy(`on_error: closed\n${BROKEN}`)).toMatchObject({ status: 78, stdout: '' });
    });
    it.each(['root', 'alice'])(
      'with on_error: open the real pm2 runs, with one line about it and one in the log: %s',
      async (user) => {
        const { status, stderr } = await policy(`on_error: open\n${BROKEN}`, user);
        expect(status).toBe(0);
        expect(stderr).toBe(
          'pm2-guard: unguarded: /etc/pm2-guard/config.yaml:2:1: unknown key "defualt": did you mean "default"?, ' +
            'there is no last good policy, and on_error is open; see: pm2-guard check\n',
        );
        await host.must(
          `until grep -q "bypass caller=${user} .*rule=\\"on_error: open\\" .*pm2 id backup" /srv/log; do sleep ` +
            '0.1; done',
        );
      },
    );
    it('as root it is not one that others can change', async () => {
      await host.must(`chmod g+w ${REAL}`);
      try {
        expect(await policy(`on_error: open\n${BROKEN}`)).toMatchObject({
          status: 126,
          stdout: '',
          stderr: expect.stringMatching(/blocked \(PG113\)[^]* is writable by its group/) as string,
        });
      } finally {
        await host.must(`chmod g-w ${REAL}`);
      }
    });
    it('an on_error that cannot be read counts as it was last compiled', async () => {
      await onError('open');
      await host.must('truncate -s 100 /var/lib/pm2-guard/policy.json; echo "default: [" > /etc/pm2-guard/config.yaml');
      expect(await call()).toMatchObject({ status: 0, stderr: expect.stringContaining('on_error is open') as string });
    });
    it('a config that others can write decides nothing', async () => {
      await host.must('chmod 666 /etc/pm2-guard/config.yaml && rm /var/lib/pm2-guard/policy.json');
      await host.must('echo "on_error: open" > /etc/pm2-guard/config.yaml', { user: 'alice' });
      expect(await call({ user: 'alice' })).toMatchObject({ status: 78 });
    });
    it('nothing of it touches a good policy', async () => {
      await onError('open');
      expect(await logs()).toMatchObject({ status: 0, stderr: rewritten(LOGS, 4, INTO_OPS) });
    });
  });
});
