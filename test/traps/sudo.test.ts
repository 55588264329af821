import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host, RunOptions } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { CONFIG, daemonsOn, foreignFiles, SITE, twins, WEB } from './twins.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
/** As /etc/profile.d/pm2-guard.sh leaves it; on a host without pm2-guard there is nothing in the first directory. */
const PATH = '/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin';

/** myapp runs as www-data. alice may be www-data for pm2 and nothing else; carol may do so with variables. */
async function prepare(host: Host): Promise<void> {
  await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
  await rights(host, 'alice', `(www-data) NOPASSWD: /usr/bin/pm2, ${SHIM}`);
  await rights(host, 'carol', `(www-data) NOPASSWD:SETENV: /usr/bin/pm2, ${SHIM}`);
}

function rights(host: Host, user: string, rule: string): Promise<void> {
  return host.write(`/etc/sudoers.d/${user}`, rule === '' ? '' : `${user} ALL=${rule}\n`, { mode: '440' });
}

const type = (host: Host, line: string, user = 'deploy', options: RunOptions = {}) =>
  host.run(line, { user, ...options, env: { PATH, ...options.env } });

async function restarts(host: Host): Promise<number> {
  const [app] = await host.apps(WEB);
  return app?.restarts ?? -1;
}

/** The call restarts the one myapp, as www-data in its daemon, whichever user typed it. */
async function restartsOnce(host: Host, line: string, user = 'deploy', options: RunOptions = {}): Promise<void> {
  const before = await restarts(host);
  const { status, stderr } = await type(host, line, user, options);
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.not.stringContaining('sudo:') as string });
  expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, restarts: before + 1, status: 'online' }]);
  expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
  expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
}

describeOnHost('calls through sudo', () => {
  const hosts = twins(CONFIG, { users: ['carol'] }, prepare);

  describe('T07: sudo -iu www-data, who has no login shell', () => {
    const line = 'sudo -iu www-data pm2 restart myapp --update-env';
    it('plain: nothing is restarted', async () => {
      expect(await type(hosts.plain, line)).toMatchObject({
        status: 1,
        stdout: 'This account is currently not available.\n',
      });
      expect(await restarts(hosts.plain)).toBe(0);
    });
    it.each(['deploy', 'alice'])('guarded: restarted, by %s', async (user) => {
      await restartsOnce(hosts.guarded, line, user);
      expect((await type(hosts.guarded, line, user)).stderr).toBe(rewritten('pm2 restart myapp --update-env', 6));
    });
    it("guarded: from that user's home, as -i would", async () => {
      await hosts.guarded.write('/var/www/tool.js', 'setInterval(() => {}, 1000);', { owner: 'www-data' });
      await hosts.guarded.must('sudo -iu www-data pm2 start tool.js --name shop-tool', {
        user: 'alice',
        env: { PATH },
      });
      const [tool] = (await hosts.guarded.apps(WEB)).filter(({ name }) => name === 'shop-tool');
      expect(tool?.pm2['pm_cwd']).toBe('/var/www');
      await hosts.guarded.must('pm2 delete shop-tool', { user: 'www-data' });
    });
    it('guarded: an account that can log in does', async () => {
      const { status, stdout, stderr } = await type(hosts.guarded, 'sudo -iu ops pm2 jlist');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout.trim()).toMatch(/\[\]$/);
      await hosts.guarded.must('pm2 kill', { user: 'ops' });
    });
  });

  describe('T08: sudo rights for www-data only, the command says root', () => {
    it('plain: sudo says no', async () => {
      expect(await type(hosts.plain, 'sudo -n pm2 restart myapp', 'alice')).toMatchObject({
        status: 1,
        stderr: 'sudo: a password is required\n',
      });
      expect(await restarts(hosts.plain)).toBe(0);
    });
    it.each([
      'sudo pm2 restart myapp',
      'sudo -n pm2 restart myapp',
      'sudo -u root pm2 restart myapp',
      'sudo --user=root -- pm2 restart myapp',
      'sudo -s pm2 restart myapp',
      'sudo -H -p x pm2 restart myapp',
      `sudo ${SHIM} restart myapp`,
      'sudo /usr/bin/pm2 restart myapp',
      'sudo sh -c "pm2 restart myapp"',
      'sudo env PM2_HOME=/root/.pm2 pm2 restart myapp',
      'sudo -u ops pm2 restart myapp',
      'sudo -E pm2 restart myapp',
      'sudo -i pm2 restart myapp',
      'sudo -iu ops pm2 restart myapp',
    ])('guarded: %s', async (line) => {
      await restartsOnce(hosts.guarded, line, 'alice');
    });
    it("guarded: what the rights do not cover is sudo's to refuse", async () => {
      for (const line of [
        'sudo -n nice pm2 restart myapp',
        'sudo -n NODE_ENV=x pm2 restart myapp',
        'sudo -n -u ops pm2 restart backup',
        'sudo -n -E pm2 restart myapp --update-env',
        'sudo -n id -un pm2',
      ]) {
        const [guarded, plain] = await Promise.all(
          [hosts.guarded, hosts.plain].map((host) => type(host, line, 'alice', { env: { MINE: '1' } })),
        );
        if (guarded === undefined || plain === undefined) throw new Error('two answers');
        expect({ line, status: guarded.status, stderr: guarded.stderr }).toEqual({
          line,
          status: plain.status,
          stderr: plain.stderr,
        });
        expect(guarded.stderr).toContain('sudo: ');
      }
    });
  });

  describe('T09: PM2_HOME typed along, without SETENV', () => {
    const line = 'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp';
    it('plain: sorry, you are not allowed', async () => {
      expect(await type(hosts.plain, line, 'alice')).toMatchObject({
        status: 1,
        stderr: 'sudo: sorry, you are not allowed to set the following environment variables: PM2_HOME\n',
      });
    });
    it.each([
      line,
      line.replace('PM2_HOME=', 'HOME=/var/www PM2_HOME='),
      'sudo -u www-data --preserve-env=PM2_HOME pm2 restart myapp',
      'sudo -u www-data env PM2_HOME=/var/www/.pm2 pm2 restart myapp',
      'sudo -u www-data PM2_HOME=/root/.pm2 pm2 restart myapp',
    ])('guarded: %s', async (typed) => {
      await restartsOnce(hosts.guarded, typed, 'alice', { env: { PM2_HOME: '/home/alice/.pm2' } });
    });
    it('guarded: variables of the app reach it where sudo allows them', async () => {
      for (const [typed, env] of [
        ['sudo NODE_ENV=one PM2_HOME=/x pm2 restart myapp --update-env', {}],
        ['sudo env NODE_ENV=one pm2 restart myapp --update-env', {}],
        ['sudo -E pm2 restart myapp --update-env', { NODE_ENV: 'one', HOME: '/home/carol', MINE: '/home/carol/key' }],
        ['sudo --preserve-env=NODE_ENV,PM2_HOME pm2 restart myapp --update-env', { NODE_ENV: 'one', PM2_HOME: '/x' }],
      ] as const) {
        await hosts.guarded.must('NODE_ENV=none pm2 restart myapp --update-env', { user: 'www-data' });
        await restartsOnce(hosts.guarded, typed, 'carol', { env });
        const [app] = await hosts.guarded.apps(WEB);
        expect({ typed, NODE_ENV: app?.env['NODE_ENV'], HOME: app?.env['HOME'] }).toEqual({
          typed,
          NODE_ENV: 'one',
          HOME: '/var/www',
        });
        expect(
          Object.entries(app?.env ?? {}).filter(
            ([name, value]) => /^(SUDO_|PM2_GUARD)/.test(name) || value.includes('/home/'),
          ),
        ).toEqual([]);
      }
    });
  });

  describe('someone who may do anything', () => {
    it.each([
      'sudo pm2 restart myapp',
      'sudo -E pm2 restart myapp',
      'sudo -s pm2 restart myapp',
      'sudo -i pm2 restart myapp',
      'sudo -u ops pm2 restart myapp',
      'sudo -u www-data pm2 restart myapp',
      'sudo -nu www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp',
      'sudo /usr/bin/pm2 restart myapp',
      'sudo nice -n 5 pm2 restart myapp',
      'sudo -u ops nice -n 5 pm2 restart myapp',
      'sudo env PATH=/usr/bin:/bin pm2 restart myapp',
      'sudo -u www-data bash -c "cd /srv && pm2 restart myapp"',
      'sudo -b pm2 restart myapp; sleep 2',
      'sudo sudo pm2 restart myapp',
    ])('%s', async (line) => {
      await restartsOnce(hosts.guarded, line);
    });
    it('says nothing twice', async () => {
      for (const line of [
        'sudo pm2 restart myapp',
        'sudo -u ops pm2 restart myapp',
        'sudo /usr/bin/pm2 restart myapp',
      ]) {
        expect((await type(hosts.guarded, line)).stderr).toBe(rewritten('pm2 restart myapp', 6));
      }
    });
    it("leaves PM2's own advice to root", async () => {
      await hosts.guarded.standInSystemctl();
      const line = 'sudo env PATH=$PATH:/usr/bin pm2 startup systemd -u www-data --hp /var/www';
      const { status, stderr } = await type(hosts.guarded, line);
      expect({ status, stderr }).toMatchObject({
        status: 0,
        stderr: expect.not.stringContaining('pm2-guard') as string,
      });
      expect(await hosts.guarded.read('/etc/systemd/system/pm2-www-data.service')).toContain(
        `Environment=PM2_HOME=${WEB}\n`,
      );
    });
    it('puts it right where its PATH leads round us', async () => {
      const { status, stderr } = await type(
        hosts.guarded,
        'sudo env PATH=/usr/bin:/bin pm2 startup systemd -u www-data',
      );
      const line = rewritten('pm2 startup systemd -u www-data', 3).replace('runs as', 'is for');
      // That PATH has the real systemctl, which says what it did.
      expect({ status, stderr: stderr.replace(/^Created symlink .*\n/m, '') }).toEqual({ status: 0, stderr: line });
    });
    it('delivers a process file on standard input', async () => {
      const input = JSON.stringify({ apps: [{ name: 'shop-1', script: `${SITE}/server.js`, cwd: SITE }] });
      expect((await type(hosts.guarded, 'sudo pm2 start -', 'deploy', { input })).status).toBe(0);
      expect((await hosts.guarded.apps(WEB)).map(({ name, uid }) => `${name} ${uid ?? ''}`)).toContain('shop-1 33');
      await hosts.guarded.must('pm2 delete shop-1', { user: 'www-data' });
    });
    it('root, who needs no sudo, may type it', async () => {
      for (const line of [
        'sudo pm2 restart myapp',
        'sudo -u ops pm2 restart myapp',
        'sudo -iu www-data pm2 restart myapp',
      ])
        await restartsOnce(hosts.guarded, line, 'root', { cwd: '/' });
    });
  });

  describe('what is not to be run is refused before sudo asks for anything', () => {
    it('two owners', async () => {
      const { status, stdout, stderr } = await type(hosts.guarded, 'sudo pm2 restart myapp backup', 'alice');
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      expect(stderr).toContain(
        'pm2-guard: blocked (PG104): nothing was run\n' +
          '  "pm2 restart myapp backup" is about apps of different daemons. A pm2 command reaches only one daemon.\n',
      );
    });
    it('mode: block', async () => {
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', `mode: block\n${CONFIG}`);
      try {
        for (const user of ['deploy', 'alice', 'root']) {
          for (const line of [
            'sudo pm2 restart myapp',
            'sudo -S pm2 restart myapp < /dev/null',
            'sudo -u ops pm2 restart myapp',
            'sudo /usr/bin/pm2 restart myapp',
            'sudo nice sh -c "pm2 restart myapp"',
          ]) {
            const { status, stdout, stderr } = await type(hosts.guarded, line, user, { cwd: '/' });
            expect({ line, status, stdout }).toEqual({ line, status: 126, stdout: '' });
            expect(stderr).toMatch(/^pm2-guard: blocked \(PG101\): .*\n {2}"pm2 restart myapp" as (root|ops) would/);
            // The rule of alice has no SETENV.
            const shown = user === 'alice' ? `${SHIM} --pm2-guard-daemon=web` : 'PM2_HOME=/var/www/.pm2 pm2';
            expect(stderr).toContain(`  run:      sudo -u www-data ${shown} restart myapp\n`);
          }
          await restartsOnce(hosts.guarded, 'sudo -u www-data pm2 restart myapp', user, { cwd: '/' });
        }
      } finally {
        await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG);
      }
    });
    it('observe, exempt, bypass: sudo runs what was typed', async () => {
      for (const [config, line] of [
        [`mode: observe\n${CONFIG}`, 'sudo -n pm2 restart myapp'],
        [`exempt: [alice]\n${CONFIG}`, 'sudo -n pm2 restart myapp'],
        [CONFIG, 'PM2_GUARD=off sudo -n pm2 restart myapp'],
      ] as const) {
        await hosts.guarded.write('/etc/pm2-guard/config.yaml', config);
        expect(await type(hosts.guarded, line, 'alice')).toMatchObject({
          status: 1,
          stderr: 'sudo: a password is required\n',
        });
      }
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG);
    });
  });

  describe('bad days', () => {
    it('rights for www-data, but not for ops', async () => {
      expect(await type(hosts.guarded, 'sudo -n pm2 restart backup', 'alice')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: 'sudo: a password is required\n',
      });
    });
    it('an operator whose right is not in sudoers', async () => {
      await rights(hosts.guarded, 'carol', '(root) NOPASSWD: /usr/bin/true');
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG.replace('[deploy]', '[carol]'));
      expect(await type(hosts.guarded, 'sudo -n pm2 restart myapp', 'carol')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: 'sudo: a password is required\n',
      });
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG);
      await rights(hosts.guarded, 'carol', '');
    });
    it('nothing by the config of PM2_GUARD_CONFIG, which sudo drops', async () => {
      const other = '/etc/pm2-guard/other.yaml';
      await hosts.guarded.write(other, CONFIG.replace('[myapp, "shop-*"]', '[none]').replace('[backup]', '[myapp]'));
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG.replace('[deploy]', '[carol]'));
      await rights(hosts.guarded, 'carol', `(www-data) NOPASSWD: ${SHIM}`);
      await restartsOnce(hosts.guarded, 'sudo -n pm2 restart myapp', 'carol', { env: { PM2_GUARD_CONFIG: other } });
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG);
      await rights(hosts.guarded, 'carol', '');
    });
    it('a password that cannot be typed', async () => {
      await rights(hosts.guarded, 'carol', `(ALL) ALL`);
      const started = performance.now();
      const { status, stdout, stderr } = await type(hosts.guarded, 'sudo pm2 restart myapp', 'carol');
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(/^sudo: a terminal is required to read the password/);
      expect(performance.now() - started).toBeLessThan(5000);
    });
    it('sudoers that are broken', async () => {
      await rights(hosts.guarded, 'carol', 'this is none');
      for (const line of ['sudo -n pm2 restart myapp', 'sudo -n true']) {
        const guarded = await type(hosts.guarded, line, 'carol');
        const real = await type(hosts.guarded, line.replace('sudo', '/usr/bin/sudo'), 'carol');
        expect({ status: guarded.status, stderr: guarded.stderr }).toEqual({
          status: real.status,
          stderr: real.stderr,
        });
      }
      await rights(hosts.guarded, 'carol', '');
    });
    it('a config that cannot be used: the guard behind sudo says so', async () => {
      await hosts.guarded.must(
        'cp /etc/pm2-guard/config.yaml /srv/kept; mv /var/lib/pm2-guard/policy.json /srv/; echo "[" > ' +
          '/etc/pm2-guard/config.yaml',
      );
      const { status, stderr } = await type(hosts.guarded, 'sudo pm2 restart myapp');
      expect(status).toBe(78);
      expect(stderr).toContain('pm2-guard: blocked (PG301): nothing was run\n  The config cannot be used, ');
      await hosts.guarded.must('cp /srv/kept /etc/pm2-guard/config.yaml; mv /srv/policy.json /var/lib/pm2-guard/');
    });
    it('another program with the name pm2', async () => {
      await hosts.guarded.write('/srv/own/pm2', '#!/bin/sh\necho own $(id -un) "$@"\n', { mode: '755' });
      expect(await type(hosts.guarded, 'sudo /srv/own/pm2 restart myapp')).toMatchObject({
        stdout: 'own root restart myapp\n',
        stderr: '',
      });
      expect(await type(hosts.guarded, 'sudo ./pm2 restart myapp', 'deploy', { cwd: '/srv/own' })).toMatchObject({
        stdout: 'own root restart myapp\n',
        stderr: '',
      });
    });
    it('a password at a terminal is asked for once', async () => {
      await hosts.guarded.must('echo carol:secret | chpasswd');
      for (const rule of ['(ALL) ALL', `(www-data) ${SHIM}`]) {
        await rights(hosts.guarded, 'carol', rule);
        await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG.replace('[deploy]', '[deploy, carol]'));
        await hosts.guarded.must('rm -rf /run/sudo/ts');
        const before = await restarts(hosts.guarded);
        const terminal = hosts.guarded.tty('sudo pm2 restart myapp', { user: 'carol', env: { PATH } });
        await terminal.seen(/password for carol/);
        terminal.type('secret\n');
        const { status, stdout } = await terminal.result();
        expect(status).toBe(0);
        expect(stdout.match(/password for carol/g)).toHaveLength(1);
        expect(await restarts(hosts.guarded)).toBe(before + 1);
      }
      await rights(hosts.guarded, 'carol', '');
      await hosts.guarded.write('/etc/pm2-guard/config.yaml', CONFIG);
    });
  });
});

describeOnHost('T04: a CI user deploys', () => {
  const hosts = twins(CONFIG.replace('[deploy]', '[deploy, jenkins]'), { users: ['jenkins'] }, async (host) => {
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
    await rights(host, 'jenkins', `(www-data) NOPASSWD: ${SHIM}`);
  });
  const job = (host: Host) =>
    type(host, `pm2 restart myapp || pm2 start ${SITE}/server.js --name myapp`, 'jenkins', {
      env: { JENKINS_NODE_COOKIE: 'b0c2', BUILD_ID: '17' },
    });
  beforeAll(async () => {
    await Promise.all([job(hosts.plain), job(hosts.guarded)]);
  });

  it('plain: a green job, and a second copy', () => {
    expect(daemonsOn(hosts.plain)).toEqual(
      ['jenkins', 'www-data'].map((user) =>
        user === 'jenkins' ? `${hosts.plain.account('jenkins').uid} /home/jenkins/.pm2` : `www-data ${WEB}`,
      ),
    );
  });
  it('guarded: one copy, restarted', async () => {
    expect(daemonsOn(hosts.guarded)).toEqual([`www-data ${WEB}`]);
    expect(await hosts.guarded.apps(WEB)).toMatchObject([{ name: 'myapp', restarts: 1, uid: 33 }]);
  });
  it('guarded: nor does an old sudo in front of it matter', async () => {
    for (const line of [
      'sudo pm2 restart myapp',
      'sudo -iu www-data pm2 restart myapp',
      'sudo -u www-data PM2_HOME=/x pm2 restart myapp',
    ])
      await restartsOnce(hosts.guarded, line, 'jenkins');
  });
});
