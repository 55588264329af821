import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTag } from '../../src/guard/sudo-listing.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { SITE } from '../traps/twins.ts';
import { rewritten } from '../harness/said.ts';
import { useSudo } from '../harness/sudos.ts';

const shim = '/usr/local/lib/pm2-guard/bin/pm2';
const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
    operators: [deploy, carol, dave, erin]
  ops:
    user: ops
    apps: [backup]
  green:
    user: ops
    home: /srv/green/.pm2
    apps: [site]
`;
/**
 * carol: narrow rights with SETENV; dave: without; erin: with her password only; alice: none. deploy: everything. nora:
 * everything, but no variables. ruth: pm2 as root only.
 */
const SUDOERS = `\
carol ALL=(www-data,ops) NOPASSWD:SETENV: ${shim}
dave ALL=(www-data) NOPASSWD: ${shim}
erin ALL=(www-data) ${shim}
nora ALL=(ALL) NOPASSWD:NOSETENV: ALL
ruth ALL=(root) NOPASSWD: ${shim}, /usr/local/bin/pm2
`;
/** What each sudo says: to a user with a rule for another command, to one without any, and where a password is due. */
const refusals = {
  classic: {
    narrow: () => 'sudo: a password is required',
    none: () => 'sudo: a password is required',
    password: 'sudo: a password is required',
  },
  trixie: {
    narrow: (user: string) => `sudo-rs: I'm sorry ${user}. I'm afraid I can't do that`,
    none: (user: string) => `sudo-rs: I'm sorry ${user}. I'm afraid I can't do that`,
    password: 'sudo-rs: interactive authentication is required',
  },
  sid: {
    narrow: (user: string) => `sudo: I'm sorry ${user}. I'm afraid I can't do that`,
    none: (user: string) => `sudo: I'm sorry ${user}. I'm afraid I can't do that`,
    password: 'sudo: interactive authentication is required',
  },
};
const who =
  'const fs = require("fs"); fs.writeFileSync("/tmp/who-" + process.env.name, JSON.stringify({ uid: ' +
  'process.getuid(), cwd: process.cwd(), env: process.env })); setInterval(() => {}, 1e6);';

for (const [sudo, node] of [
  ['classic', '22'],
  ['classic', '20'],
  ['trixie', '22'],
  ['sid', '22'],
] as const) {
  describeOnHost(`callers who are not root, node ${node}, sudo ${sudo === 'classic' ? sudo : `-rs of ${sudo}`}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ node, users: ['carol', 'dave', 'erin', 'nora', 'ruth'] });
      await useSudo(host, sudo);
      await host.installGuard(CONFIG);
      await host.write('/etc/sudoers.d/rights', SUDOERS, { mode: '440' });
      await host.write('/srv/who.js', who);
      await host.must('echo erin:secret | chpasswd; install -d -o ops -g ops /srv/green');
    });
    afterAll(() => host.dispose());
    const seen = async (app: string): Promise<{ uid: number; cwd: string; env: Record<string, string> }> => {
      const text = await host.must(
        `for i in $(seq 200); do test -s /tmp/who-${app} && break; sleep 0.05; done; cat /tmp/who-${app}; rm -f ` +
          `/tmp/who-${app}`,
      );
      return JSON.parse(text) as { uid: number; cwd: string; env: Record<string, string> };
    };

    for (const user of ['deploy', 'carol', 'dave']) {
      it(`${user} lands in the owner's daemon, with the owner's identity`, async () => {
        const started = await host.run('NODE_ENV=production PORT=81 pm2 start /srv/who.js --name myapp -f', {
          user,
          cwd: '/srv',
        });
        const line = rewritten('pm2 start /srv/who.js --name myapp -f', 6);
        expect(started.status).toBe(0);
        expect(started.stderr).toContain(line);
        const lost = /^pm2-guard: not handed to the app: (.*) \(sudo did not keep them/m.exec(started.stderr)?.[1];
        const carried = user !== 'dave' && sudo !== 'trixie'; // 0.2.5 has no --preserve-env
        expect(lost?.split(', ').sort()).toEqual(carried ? undefined : ['NODE_ENV', 'PORT']);
        if (carried) expect(started.stderr).toBe(line);
        const { uid, cwd, env } = await seen('myapp');
        expect({ uid, cwd }).toEqual({ uid: 33, cwd: '/srv' });
        expect(env).toMatchObject({
          HOME: '/var/www',
          USER: 'www-data',
          LOGNAME: 'www-data',
          PM2_HOME: '/var/www/.pm2',
        });
        expect(
          Object.entries(env).filter(
            ([name, value]) => /^(SUDO_|PM2_GUARD)/.test(name) || value.includes(`/home/${user}`),
          ),
        ).toEqual([]);
        // Where the rules allow it: deploy may run ALL, which implies SETENV; carol has the tag; dave has not.
        expect([env['NODE_ENV'], env['PORT'], env['PWD']]).toEqual([
          ...(carried ? ['production', '81'] : [undefined, undefined]),
          '/srv',
        ]);
        await host.must('pm2 delete all >/dev/null', { user: 'www-data' });
      });
    }

    it("exit status, stdout and stdin are pm2's", async () => {
      expect(await host.run('pm2 restart nowhere', { user: 'carol' })).toMatchObject({ status: 1 });
      const { stdout, status } = await host.run('pm2 jlist', { user: 'carol' });
      expect({ status, list: JSON.parse(stdout) as unknown }).toEqual({ status: 0, list: [] });
      const piped = await host.run('pm2 start -', {
        user: 'carol',
        input: JSON.stringify({ apps: [{ name: 'backup', script: '/srv/who.js', cwd: '/' }] }),
        cwd: '/',
      });
      const into = { user: 'ops', daemon: 'ops', pm2Home: '/home/ops/.pm2' };
      expect(piped).toMatchObject({ status: 0, stderr: rewritten('pm2 start -', 10, into) });
      expect((await seen('backup')).uid).toBe(host.account('ops').uid);
    });

    it("the daemon that was decided on survives sudo's env_reset: one user, two homes", async () => {
      expect((await host.run('PM2_HOME=/srv/green/.pm2 pm2 ping', { user: 'carol', cwd: '/' })).status).toBe(0);
      expect(host.daemons().map(({ home }) => home)).toContain('/srv/green/.pm2');
      expect((await host.tree('/srv/green')).filter(({ owner }) => owner !== 'ops')).toEqual([]);
    });

    it('rights for www-data are none for ops', async () => {
      const { status, stdout, stderr } = await host.run('pm2 restart backup', { user: 'dave' });
      expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
      expect(stderr).toBe(`${refusals[sudo].narrow('dave')}
pm2-guard: blocked (PG101): nothing was run
  "pm2 restart backup" as dave would use dave's own PM2 daemon (PM2_HOME /home/dave/.pm2).
  backup belongs to daemon "ops": user ops, PM2_HOME /home/ops/.pm2  (/etc/pm2-guard/config.yaml:10)
  sudo does not let dave run pm2 as ops.
  ask:      an administrator of this host, to run:  sudo -u ops PM2_HOME=/home/ops/.pm2 pm2 restart backup
  details:  pm2-guard explain PG101
`);
    });

    it("no rights at all: told that it is not theirs, and nothing of other users' daemons", async () => {
      expect(await host.run('pm2 list', { user: 'alice' })).toMatchObject({
        status: 126,
        stdout: '',
        stderr: `\
${refusals[sudo].none('alice')}
pm2-guard: blocked (PG101): nothing was run
  "pm2 list" is not for alice to run.
  PM2 is installed, but the config gives alice no daemon on this host, and no right to use those of other users.
  ask:      an administrator of this host
  details:  pm2-guard explain PG101
`,
      });
      expect(await host.exists('/home/alice/.pm2')).toBe(false);
    });

    it('says at once that a password is needed, if there is no terminal', async () => {
      const { status, stderr, milliseconds } = await host.run('pm2 list', { user: 'erin' });
      expect(status).toBe(126);
      expect(stderr.split('\n')[0]).toBe(refusals[sudo].password);
      expect(stderr).toContain('  sudo does not let erin run pm2 as www-data.\n');
      expect(stderr).toContain(
        `  The rule (it lets erin run any code as www-data):  erin ALL=(www-data) NOPASSWD:SETENV: ${shim}\n`,
      );
      expect(milliseconds).toBeLessThan(5000);
    });

    it('a password, typed in a terminal', async () => {
      const running = host.tty('pm2 ping', { user: 'erin' });
      await running.seen(/[Pp]assword/);
      running.type('secret\n');
      const { status, stdout } = await running.result();
      expect(stdout).toContain('pong');
      expect(status).toBe(0);
    });

    it('Ctrl-C ends pm2 logs', async () => {
      const running = host.tty('pm2 logs', { user: 'carol' });
      await running.seen(/TAILING/);
      running.type('\x03');
      const { status } = await running.result();
      expect(status).not.toBe(0);
      expect((await host.must('pgrep -fc "[p]m2 logs" || true')).trim()).toBe('0');
    });

    it('SIGTERM reaches pm2', async () => {
      const running = host.start(['/usr/local/bin/pm2', 'logs'], { user: 'carol' });
      await running.seen(/TAILING/);
      running.kill('SIGTERM');
      await running.result();
      await host.must(
        'for i in $(seq 50); do pgrep -f "[b]in/pm2 .*logs" >/dev/null || exit 0; sleep 0.1; done; exit 1',
      );
    });

    describe('the lines that a block prints', () => {
      beforeAll(async () => {
        await host.must('PM2_HOME=/srv/green/.pm2 pm2 start /srv/who.js --name site', { user: 'ops', cwd: '/' });
        await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
        await host.write('/etc/pm2-guard/config.yaml', `mode: block\n${CONFIG}`);
      });
      afterAll(async () => {
        await host.write('/etc/pm2-guard/config.yaml', CONFIG);
        await host.must('pm2 kill', { user: 'www-data' });
        await host.must('PM2_HOME=/srv/green/.pm2 pm2 kill', { user: 'ops', cwd: '/' });
      });
      it.each(['deploy', 'carol', 'dave', 'nora', 'ruth'])('are accepted by the rules of %s', async (user) => {
        // Ours are not first in PATH, so that sudo itself judges the printed lines.
        const away = { user, cwd: '/', env: { PATH: '/usr/bin:/bin' } };
        const lands = async (home: string) => (await host.apps(home)).map(({ restarts }) => restarts);
        for (const [call, app, home] of [
          ['pm2', 'myapp', '/var/www/.pm2'],
          ['sudo -n pm2', 'myapp', '/var/www/.pm2'],
          ['pm2', 'site', '/srv/green/.pm2'],
          ['pm2', 'myapp site', ''],
        ] as const) {
          const { status, stderr } = await host.run(`${call} restart ${app}`, {
            ...away,
            env: { PATH: `${dirname(shim)}:/usr/bin:/bin` },
          });
          expect(status, call).toBe(126);
          const [block = ''] = /^ {2}(run|ask)[^]*(?=^ {2}details:)/m.exec(stderr) ?? [];
          const lines = [...block.matchAll(/sudo -u .*$/gm)].map(([line]) => line);
          const may = user === 'dave' ? app === 'myapp' : user !== 'ruth';
          expect(block.startsWith('  run'), stderr).toBe(may);
          const explained = await host.run(`/usr/local/bin/pm2-guard explain -- ${call} restart ${app}`, {
            ...away,
            env: { PATH: `${dirname(shim)}:/usr/bin:/bin` },
          });
          for (const line of block.trim().split('\n')) expect(explained.stdout).toContain(line.trim());
          if (!may) continue;
          expect(lines, stderr).toHaveLength(app === 'myapp site' ? 2 : 1);
          const before = home === '' ? [] : await lands(home);
          for (const line of lines) {
            const typed = await host.run(line.replace('sudo', 'sudo -n'), away);
            expect({ line, ...typed }).toMatchObject({ line, status: 0, stderr: '' });
          }
          if (home !== '') expect(await lands(home)).toEqual(before.map((restarts) => restarts + 1));
        }
      });
    });

    it('never a second hop', async () => {
      const { status, stderr } = await host.run(`${shim} --pm2-guard-daemon=web restart myapp`, { user: 'deploy' });
      expect(status).toBe(126);
      expect(stderr).toContain('  The call came through sudo already, and is not sent on a second time.\n');
    });

    it('the argument of the re-entered call gives no user more than PM2_HOME would', async () => {
      const { status, stderr } = await host.run(`${shim} --pm2-guard-daemon=web list`, { user: 'alice' });
      expect(status).toBe(126);
      expect(stderr).toContain('"pm2 list" is not for alice to run.\n');
      expect(await host.run(`${shim} --pm2-guard-daemon=green ping`, { user: 'ops' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    });

    it('no sudo installed', async () => {
      await host.must('mv /usr/bin/sudo /usr/bin/sudo.away');
      try {
        // Not a word of sudo's here, and none is asked.
        const { status, stderr } = await host.run('pm2 list', { user: 'carol' });
        expect(status).toBe(126);
        expect(stderr).toContain('  There is no sudo on this host to become that user with.\n');
      } finally {
        await host.must('mv /usr/bin/sudo.away /usr/bin/sudo');
      }
    });

    it('a broken sudoers file: sudo says no, and so do we', async () => {
      await host.write('/etc/sudoers.d/broken', 'this is no rule\n', { mode: '440' });
      const { status, stderr } = await host.run('pm2 list', { user: 'carol' });
      await host.must('rm /etc/sudoers.d/broken');
      // sudo leaves the broken line out, or refuses altogether (1.8): either is sudo's word.
      expect([0, 126]).toContain(status);
      if (status === 126) expect(stderr).toContain('sudo does not let carol');
    });
  });
}

describe('sudo -ll', () => {
  const entry = (users: string, options: string, command: string) =>
    `\nSudoers entry:\n    RunAsUsers: ${users}\n    Options: ${options}\n    Commands:\n\t${command}\n`;
  it('SETENV for our shim', () => {
    expect(hasTag(entry('www-data, ops', 'setenv, !authenticate', shim), 'ops', shim)).toBe(true);
  });
  it('no SETENV', () => {
    expect(hasTag(entry('www-data', '!authenticate', shim), 'www-data', shim)).toBe(false);
  });
  it('for another user', () => {
    expect(hasTag(entry('ops', 'setenv', shim), 'www-data', shim)).toBe(false);
  });
  it('ALL commands imply it', () => {
    expect(hasTag(entry('ALL', '!authenticate', 'ALL'), 'www-data', shim)).toBe(true);
  });
  it('unless it is taken back', () => {
    expect(hasTag(entry('ALL', '!setenv', 'ALL'), 'www-data', shim)).toBe(false);
  });
  it('the last entry that fits decides', () => {
    expect(hasTag(entry('ALL', '', 'ALL') + entry('www-data', '!authenticate', shim), 'www-data', shim)).toBe(false);
  });
});
