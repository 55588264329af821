import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const NVM = '/home/ops/.nvm/versions/node/v22.23.3';
const PACKAGE = `${NVM}/lib/node_modules/pm2`;
const PATH = `${NVM}/bin:/usr/bin:/bin`;
const HOME = '/home/ops/.pm2';
/** As part of a text. */
const saying = (text: string): string => expect.stringContaining(text) as string;
const deploy = { user: 'deploy', cwd: '/' };

describeOnHost('the pm2 of a host', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: null });
    await host.must(
      `mkdir -p ${NVM}/bin ${NVM}/lib/node_modules && cp /usr/bin/node ${NVM}/bin/ && ` +
        `cp -a ${checkout}/.cache/pm2/5.4.3/lib/node_modules/pm2 ${NVM}/lib/node_modules/ && ` +
        `ln -s ../lib/node_modules/pm2/bin/pm2 ${NVM}/bin/pm2 && chown -R ops: /home/ops/.nvm && ` +
        `ln -s ${NVM}/bin/pm2 /usr/local/bin/pm2`,
    );
    await host.write('/home/ops/backup.js', 'setInterval(() => {}, 1e6)', { owner: 'ops' });
    await host.must('pm2 start backup.js --name backup', { user: 'ops', env: { PATH } });
  });
  afterAll(() => host.dispose());
  const install = () => host.run(`node ${checkout}/dist/pm2-guard.cjs install`);
  const pins = async () => (await host.read('/etc/pm2-guard/config.yaml')).match(/^ +(?:pm2|node): .*$/gm);
  const pinned = [`    pm2: ${PACKAGE}/bin/pm2`, `    node: ${NVM}/bin/node`];
  /** The apps of ops, as a script reads them. */
  const asked = async () => {
    const { status, stdout } = await host.run('sudo -u ops pm2 jlist', deploy);
    return [status, stdout.startsWith('[') && (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)];
  };
  const restarted = async () => {
    const before = (await host.apps(HOME))[0]?.restarts ?? 0;
    const { status, stderr } = await host.run('sudo pm2 restart backup', deploy);
    expect([status, stderr]).toEqual([0, saying('runs as ops in daemon "ops"')]);
    expect((await host.apps(HOME)).map(({ restarts, uid }) => [restarts, uid])).toEqual([
      [before + 1, host.account('ops').uid],
    ]);
  };

  describe("a user's nvm, which root has linked into /usr/local/bin", () => {
    it("plain: root's call asks root's own daemon", async () => {
      expect(await host.run('sudo pm2 restart backup', deploy)).toMatchObject({
        status: 1,
        stderr: saying('Process or Namespace backup not found'),
      });
      await host.must('pm2 kill; rm -rf /root/.pm2');
    });
    it('guarded: install pins it for its daemon, and gives away nothing', async () => {
      const { status, stdout } = await install();
      expect(status).toBe(0);
      expect(stdout).toContain('\nwarning: the config pins the pm2 of each daemon, and root has none of its own: ');
      expect(stdout).toContain('  run:  npm install -g pm2@5.4.3 && pm2-guard install\n');
      expect(stdout).not.toContain('chown');
      expect(await pins()).toEqual(pinned);
      expect((await host.run('pm2-guard status')).stdout).not.toContain('problem: ');
    });
    it('guarded: a call of root becomes its user, and runs it', restarted);
    it('guarded: its own user runs it', async () => {
      expect(await asked()).toEqual([0, ['backup']]);
      expect(await host.exists('/root/.pm2')).toBe(false);
    });
    it('guarded: root itself does not run it', async () => {
      await host.must('printf "  root: { user: root }\\n" >> /etc/pm2-guard/config.yaml');
      const { status, stderr } = await host.run('pm2 start /tmp/x.js --name x', { cwd: '/' });
      expect([status, stderr]).toEqual([126, saying('which other users can change')]);
      expect(stderr).toContain('npm install -g pm2@5.4.3');
      expect(stderr).not.toContain('chown');
    });
  });

  describe("another version than the host's", () => {
    it('plain: the newer client says so on standard output, before the list', async () => {
      await host.must('pm2-guard uninstall --purge && rm -f /usr/local/bin/pm2');
      await host.must(
        `mkdir -p /usr/lib/node_modules && cp -a ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ` +
          '/usr/lib/node_modules/ && ln -s ../lib/node_modules/pm2/bin/pm2 /usr/bin/pm2',
      );
      expect(await asked()).toEqual([0, false]);
    });
    it('guarded: install pins what the daemon runs', async () => {
      expect((await install()).status).toBe(0);
      expect(await pins()).toEqual(pinned);
      expect(await asked()).toEqual([0, ['backup']]);
      await restarted();
      expect((await host.run('sudo pm2 id backup', deploy)).stdout).toBe('[ 0 ]\n');
    });
  });

  describe('with what daemons, units and crontabs run, on the list of seal', () => {
    const copy = (to: string) => `mkdir -p ${to} && cp -a ${PACKAGE} ${to}/pm2`;
    const sealed = async () =>
      [...(await host.must('pm2-guard seal --dry-run')).matchAll(/^\w+ +(\S+) {2}\(PM2 [\d.]+(.*)\)$/gm)].map(
        ([, directory = '', as = '']) => `${directory}${as}`,
      );
    it("root's are, and a user's own", async () => {
      await host.must(`${copy('/srv/unit')} && ${copy('/srv/cron')} && chown -R root: /srv`);
      await host.must(`${copy('/home/alice/lib')} && chown -R alice: /home/alice/lib`);
      await host.write(
        '/etc/systemd/system/pm2-web.service',
        '[Service]\nUser=www-data\nEnvironment=PM2_HOME=/var/www/.pm2\nExecStart=/srv/unit/pm2/bin/pm2 resurrect\n',
      );
      await host.write('/etc/cron.d/web', '@reboot www-data /srv/cron/pm2/bin/pm2 resurrect\n');
      const jobs = '* * * * * /home/alice/lib/pm2/bin/pm2 ping\n';
      await host.write('/var/spool/cron/crontabs/alice', jobs, { owner: 'alice', mode: '600' });
      const both = ['/home/alice/lib/pm2, as alice', '/srv/cron/pm2', '/srv/unit/pm2'];
      const all = [...both, `${PACKAGE}, as ops`, '/usr/lib/node_modules/pm2'];
      expect(await sealed()).toEqual(expect.arrayContaining(all));
    });
    it("another user's is not, because a crontab of a user names it", async () => {
      await host.write('/var/spool/cron/crontabs/deploy', '* * * * * /home/alice/lib/pm2/bin/pm2 ping\n', {
        owner: 'deploy',
        mode: '600',
      });
      await host.must('rm /var/spool/cron/crontabs/alice');
      expect(await sealed()).not.toContain('/home/alice/lib/pm2, as alice');
    });
  });

  describe('that only a shim of a version manager knows', () => {
    const ASDF = '/root/.asdf';
    const versions = ['20.9.0', '22.1.0'];
    it('plain: the call of the shim works, because the tool chooses', async () => {
      await host.must('pm2-guard uninstall --purge; rm -rf /usr/lib/node_modules/pm2 /usr/bin/pm2 /srv/*');
      await host.must('rm -f /etc/systemd/system/pm2-web.service /etc/cron.d/web /var/spool/cron/crontabs/*');
      for (const version of versions) {
        const prefix = `${ASDF}/installs/nodejs/${version}`;
        await host.must(
          `mkdir -p ${prefix}/bin ${prefix}/lib/node_modules && ` +
            `cp -a ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ${prefix}/lib/node_modules/ && ` +
            `ln -s ../lib/node_modules/pm2/bin/pm2 ${prefix}/bin/pm2`,
        );
      }
      const shim = '#!/usr/bin/env bash\n# asdf-plugin: nodejs 22.1.0\nexec asdf exec "pm2" "$@"';
      await host.write(`${ASDF}/shims/pm2`, shim, { mode: '755' });
      // The tool's own program, as far as this call needs it.
      await host.write(`/usr/bin/asdf`, `#!/bin/sh\nshift 2\nexec node ${ASDF}/installs/nodejs/22.1.0/bin/pm2 "$@"\n`, {
        mode: '755',
      });
      await host.must(`${ASDF}/shims/pm2 ping && ${ASDF}/shims/pm2 kill; rm -rf /root/.pm2`);
    });
    it('is told with its candidates and the line of the config, where it has several', async () => {
      const env = { PATH: `${ASDF}/shims:/usr/sbin:/usr/bin:/sbin:/bin` };
      const { status, stdout } = await host.run(`node ${checkout}/dist/pm2-guard.cjs install`, { env });
      const [first, second] = versions.map(
        (version) => `${ASDF}/installs/nodejs/${version}/lib/node_modules/pm2/bin/pm2`,
      );
      const lines = `pm2: ${first ?? ''}   or   pm2: ${second ?? ''}`;
      const fix = `add a line to /etc/pm2-guard/config.yaml below its daemon:  ${lines}`;
      const several = `${ASDF}/shims/pm2 is a shim of asdf, which has several`;
      expect([status, stdout]).toEqual([0, saying(`${several}: ${first ?? ''}, ${second ?? ''}\n  fix:  ${fix}\n`)]);
    });
    it('is recorded, where it has one', async () => {
      await host.must(`pm2-guard uninstall --purge; rm -rf ${ASDF}/installs/nodejs/20.9.0`);
      const env = { PATH: `${ASDF}/shims:/usr/sbin:/usr/bin:/sbin:/bin` };
      const { stdout } = await host.run(`node ${checkout}/dist/pm2-guard.cjs install`, { env });
      expect(stdout).toContain(`real pm2   ${ASDF}/installs/nodejs/22.1.0/lib/node_modules/pm2/bin/pm2  (7.0.4)`);
    });
  });
});
