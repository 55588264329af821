import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const WEB = '/var/www/.pm2';
const SITE = '/var/www/html/myapp';
const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp]
    paths: [/var/www/html]
    operators: [deploy, dora]
`;
/** dora may run the shim alone, with variables; deploy may everything. */
const SUDOERS = 'dora ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2\n';
const SECRETS = {
  VAULT_TOKEN: 's.1',
  AWS_SECRET_ACCESS_KEY: 'k2',
  MYSQL_PWD: 'h3',
  STRIPE_KEY: 'sk4',
  GITHUB_TOKEN: 'ghp5',
};

for (const node of ['22', '20'] as const) {
  describeOnHost(`which variables cross to the owner, node ${node}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ node, users: ['dora'] });
      await host.installGuard(CONFIG);
      await host.write('/etc/sudoers.d/dora', SUDOERS, { mode: '440' });
      await host.write(`${SITE}/server.js`, 'setInterval(() => {}, 1e6);');
      await host.write(
        `${SITE}/ecosystem.config.js`,
        `
        require("fs").writeFileSync("/tmp/evaluated-" + process.getuid(), JSON.stringify(process.env));
        module.exports = { apps: [{ name: "myapp", script: "${SITE}/server.js", cwd: "/" }] };`,
      );
      await host.write('/root/boot.js', '');
      await host.must('install -o deploy -m 600 /dev/null /home/deploy/boot.js; chmod 700 /root /home/deploy');
    });
    beforeEach(async () => {
      await host.must(
        'pkill -9 -f "[G]od Daemon" || true; rm -rf /var/www/.pm2 /tmp/evaluated-*; install -d -o www-data ' + WEB,
      );
    });
    afterAll(() => host.dispose());

    const started = () =>
      host.must(`/usr/bin/pm2 start ${SITE}/server.js --name myapp`, {
        user: 'www-data',
        cwd: '/',
        env: { PM2_HOME: WEB },
      });
    const app = async () => (await host.apps(WEB)).find(({ name }) => name === 'myapp')?.env ?? {};
    const daemon = () => host.daemons().find(({ home }) => home === WEB)?.env ?? {};
    const ok = { status: 0 };

    it('what is typed on the line of sudo arrives, whatever its name', async () => {
      await started();
      const typed = {
        DISPLAY: ':42',
        XAUTHORITY: '/srv/x',
        BUILD_ID: 'rc7',
        SSH_CLIENT: 'gate',
        JENKINS_URL: 'x',
        PORT: '4100',
        MYSQL_PWD: 'typed',
      };
      const words = Object.entries(typed)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
      for (const line of [`sudo ${words}`, `sudo env ${words}`, `sudo -u root ${words} nice`]) {
        for (const pm2 of ['pm2', '/usr/local/bin/pm2']) {
          await host.must(`/usr/bin/pm2 restart myapp --update-env`, {
            user: 'www-data',
            cwd: '/',
            env: { PM2_HOME: WEB, ...Object.fromEntries(Object.keys(typed).map((name) => [name, 'old'])) },
          });
          expect(await host.run(`${line} ${pm2} restart myapp --update-env`, { user: 'deploy' })).toMatchObject(ok);
          expect({ line, env: await app() }).toMatchObject({ line, env: typed });
        }
      }
    });

    it('a name that --preserve-env lists was typed too', async () => {
      await started();
      expect(
        await host.run('sudo --preserve-env=GITHUB_TOKEN,MYSQL_PWD pm2 restart myapp -a', {
          user: 'deploy',
          env: SECRETS,
        }),
      ).toMatchObject(ok);
      expect(await app()).toMatchObject({ GITHUB_TOKEN: 'ghp5', MYSQL_PWD: 'h3' });
      expect(await app()).not.toHaveProperty('VAULT_TOKEN');
    });

    it('a restart in a shell delivers general names, where no session and no job shows itself', async () => {
      await started();
      const line =
        'DISPLAY=:7 BUILD_ID=9 SSH_HOST=db PORT=81 GITHUB_CLIENT_ID=app CI_COMMIT=c pm2 restart myapp --update-env';
      for (const user of ['root', 'deploy', 'dora']) {
        expect(await host.run(line, { user, cwd: '/' })).toMatchObject(ok);
        expect(await app()).toMatchObject({
          DISPLAY: ':7',
          BUILD_ID: '9',
          SSH_HOST: 'db',
          PORT: '81',
          GITHUB_CLIENT_ID: 'app',
          CI_COMMIT: 'c',
        });
      }
    });

    it("what sudo keeps by itself does not cross with an operator's call", async () => {
      const env = {
        DISPLAY: ':0',
        XAUTHORITY: '/home/deploy/.Xauthority',
        KRB5CCNAME: 'FILE:/tmp/krb5cc_7',
        LS_COLORS: 'x',
        PORT: '1',
      };
      expect(
        await host.run(`pm2 start ${SITE}/server.js --name myapp`, { user: 'deploy', cwd: '/', env }),
      ).toMatchObject(ok);
      const seen = await app();
      expect(Object.keys(env).filter((name) => name in seen)).toEqual(['PORT']);
    });

    it("a root shell's secrets reach neither a daemon that a list spawns, nor dump.pm2", async () => {
      const { stderr } = await host.run(
        'export VAULT_TOKEN=s.1 AWS_SECRET_ACCESS_KEY=k2 MYSQL_PWD=h3 STRIPE_KEY=sk4; pm2 list; pm2 jlist >/dev/null',
        { cwd: '/' },
      );
      expect(stderr).not.toContain('not handed');
      const names = Object.keys(daemon()).filter(
        (name) => !/^(LANG|TERM|_|PM2_\w+|HOME|USER|LOGNAME|SHELL|MAIL|PATH|SILENT|NODE_CHANNEL_\w+)$/.test(name),
      );
      expect(names).toEqual([]);
      await started();
      expect(await host.run('pm2 restart myapp; pm2 save; pm2 ping', { cwd: '/', env: SECRETS })).toMatchObject(ok);
      for (const value of Object.values(SECRETS)) expect(await host.read(`${WEB}/dump.pm2`)).not.toContain(value);
    });

    it("a start hands over the app's variables, no login of a person's tools, and says so", async () => {
      const { status, stderr } = await host.run(`pm2 start ${SITE}/server.js --name myapp`, {
        cwd: '/',
        env: { ...SECRETS, AWS_REGION: 'eu' },
      });
      expect(status).toBe(0);
      expect(await app()).toMatchObject({ STRIPE_KEY: 'sk4', AWS_REGION: 'eu' });
      expect(Object.keys(await app()).filter((name) => /VAULT_TOKEN|SECRET|MYSQL|GITHUB/.test(name))).toEqual([]);
      const said = /^pm2-guard: not handed to the app: (.*) \(/m.exec(stderr)?.[1]?.split(', ').sort();
      expect(said).toEqual(['AWS_SECRET_ACCESS_KEY', 'MYSQL_PWD', 'VAULT_TOKEN']);
      expect((await host.run('pm2 restart myapp --update-env -s', { cwd: '/', env: SECRETS })).stderr).not.toContain(
        'not handed',
      );
    });

    for (const user of ['root', 'deploy', 'dora']) {
      it(`${user}: a job's own variables reach neither the app nor dump.pm2`, async () => {
        const job = {
          GITHUB_ACTIONS: 'true',
          GITHUB_TOKEN: 'tok-a',
          GITHUB_SHA: 'sha-b',
          RUNNER_TRACKING_ID: 'track-c',
          RUNNER_TEMP: '/srv/temp-d',
          ACTIONS_RUNTIME_TOKEN: 'run-e',
          CI_JOB_TOKEN: 'job-f',
          AWS_SECRET_ACCESS_KEY: 'aws-g',
          CI: 'true',
          NODE_ENV: 'production',
        };
        expect(
          await host.run(`pm2 startOrReload ${SITE}/ecosystem.config.js && pm2 save`, { user, cwd: '/', env: job }),
        ).toMatchObject(ok);
        expect(await app()).toMatchObject({ CI: 'true', NODE_ENV: 'production' });
        const dump = await host.read(`${WEB}/dump.pm2`);
        expect(Object.values(job).filter((value) => /-[a-g]$/.test(value) && dump.includes(value))).toEqual([]);
        expect(Object.entries(daemon()).filter(([, value]) => /-[a-g]$/.test(value))).toEqual([]);
      });
    }

    it('an evaluated process file sees what its own call would have', async () => {
      const env = {
        KRB5CCNAME: 'x',
        CREDENTIALS_DIRECTORY: '/run/credentials/a',
        NOTIFY_SOCKET: '/run/n',
        VAULT_TOKEN: 'v',
        PATH: '/root/bin:/usr/local/bin:/usr/bin:/bin',
        EDITION: 'blue',
        DEEP: 'a=/root/x',
      };
      expect(await host.run(`pm2 start ${SITE}/ecosystem.config.js`, { cwd: '/', env })).toMatchObject(ok);
      const seen = JSON.parse(await host.read('/tmp/evaluated-33')) as Record<string, string>;
      expect(seen).toMatchObject({
        EDITION: 'blue',
        HOME: '/var/www',
        USER: 'www-data',
        SHELL: host.account('www-data').shell,
      });
      expect(
        Object.entries(seen).filter(
          ([name, value]) =>
            ['KRB5CCNAME', 'CREDENTIALS_DIRECTORY', 'NOTIFY_SOCKET', 'VAULT_TOKEN'].includes(name) ||
            value.includes('/root'),
        ),
      ).toEqual([]);
    });

    it.each([
      ['root', '/root'],
      ['deploy', '/home/deploy'],
      ['dora', '/home/dora'],
    ])('%s: NODE_OPTIONS without the words that lead into %s, and the app runs', async (user, home) => {
      await started();
      if (user === 'dora') await host.must('install -o dora -m 600 /dev/null /home/dora/boot.js; chmod 700 /home/dora');
      const env = {
        NODE_OPTIONS: `--max-old-space-size=300 --require ${home}/boot.js --require="${home}/boot.js" --no-warnings`,
        NODE_PATH: `/srv/lib:${home}/lib`,
        CACHE: `dir=${home}/c`,
      };
      const { status, stderr } = await host.run('pm2 restart myapp --update-env', { user, cwd: '/', env });
      expect({ status, stderr }).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('pm2-guard: not handed to the app: a part of NODE_OPTIONS (') as string,
      });
      expect(await app()).toMatchObject({
        NODE_OPTIONS: '--max-old-space-size=300 --no-warnings',
        NODE_PATH: '/srv/lib',
      });
      expect(await app()).not.toHaveProperty('CACHE');
      expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online', uid: 33 }]);
    });

    it("sudo -E: nothing of the login user's home directory", async () => {
      await started();
      const env = {
        NODE_OPTIONS: '--no-warnings --require /home/deploy/boot.js',
        KEY: 'x:/home/deploy/key',
        PORT: '5',
      };
      // The real sudo: root's own node would otherwise read the option.
      expect(
        await host.run('/usr/local/lib/pm2-guard/bin/sudo -E pm2 restart myapp --update-env', {
          user: 'deploy',
          cwd: '/',
          env,
        }),
      ).toMatchObject(ok);
      expect(await app()).toMatchObject({ NODE_OPTIONS: '--no-warnings', PORT: '5' });
      expect(await app()).not.toHaveProperty('KEY');
    });
  });
}
