import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { securePathOfSid, sudos, useSudo, type Place } from '../harness/sudos.ts';
import { daemonsOn, foreignFiles, SITE, WEB } from './twins.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
const PATH = '/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin';
const OPERATORS = '/etc/sudoers.d/pm2-guard-operators';
const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp]
    operators: [carol, "%web"]
  ops:
    user: ops
    apps: [backup]
`;

const places = [
  ['classic', 'file'],
  ['trixie', 'alternative'],
  ['sid', 'alternative'],
  ['sid', 'file'],
] as const;

for (const [sudo, place] of places) {
  const name = sudo === 'classic' ? sudo : `sudo-rs of ${sudo}, ${place === 'file' ? 'as a file' : 'by alternatives'}`;

  describeOnHost(`every promise around sudo: ${name}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await hostWith(sudo, place);
      await host.must('groupadd web && usermod -aG web erin');
      await host.installGuard(CONFIG);
      await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
    });
    afterAll(() => host.dispose());
    const restarts = async () => (await host.apps(WEB)).find(({ name: app }) => app === 'myapp')?.restarts ?? -1;
    /** The call restarts the one myapp, as www-data in its daemon. */
    const restartsOnce = async (line: string, user: string, env: Record<string, string> = {}) => {
      const before = await restarts();
      const { status, stderr } = await host.run(line, { user, env: { PATH, ...env } });
      expect({ status, stderr }).toMatchObject({ status: 0 });
      expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, restarts: before + 1, status: 'online' }]);
      expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
      expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
      return stderr;
    };

    it('sudoers --write: the operators may, and it knows that they may', async () => {
      const written = await host.run('pm2-guard sudoers --write');
      expect(written).toMatchObject({ status: 0, stderr: '' });
      expect(written.stdout).toContain(`created  ${OPERATORS}\n`);
      expect(await host.run('pm2-guard sudoers --write')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('unchanged') as string,
      });
      for (const user of ['carol', 'erin']) await restartsOnce('pm2 restart myapp', user);
    });

    it('sudo pm2, sudo -u, by a user who may do anything', async () => {
      for (const line of [
        'sudo pm2 restart myapp',
        `sudo -u www-data PM2_HOME=${WEB} pm2 restart myapp`,
        'sudo -iu www-data pm2 restart myapp',
      ]) {
        expect(await restartsOnce(line, 'deploy')).toBe(
          line === `sudo -u www-data PM2_HOME=${WEB} pm2 restart myapp` ? '' : rewritten('pm2 restart myapp', 6),
        );
      }
    });

    it.each([
      'sudo pm2 restart myapp',
      'sudo -n pm2 restart myapp',
      'sudo --user=www-data pm2 restart myapp',
      'sudo -iu www-data pm2 restart myapp',
      `sudo -u www-data PM2_HOME=${WEB} pm2 restart myapp`,
      'sudo -nu www-data pm2 restart myapp',
      'sudo -H -k pm2 restart myapp',
      'sudo env PM2_HOME=/root/.pm2 pm2 restart myapp',
      'sudo sh -c "pm2 restart myapp"',
      `sudo ${SHIM} restart myapp`,
    ])('an operator types: %s', async (line) => {
      await restartsOnce(line, 'carol');
    });

    it('variables of an operator reach the app, or are named', async () => {
      for (const [line, env] of [
        ['FLAVOUR=mint pm2 restart myapp --update-env', {}],
        ['sudo FLAVOUR=mint pm2 restart myapp --update-env', {}],
        ['sudo env FLAVOUR=mint pm2 restart myapp --update-env', {}],
        ['sudo --preserve-env=FLAVOUR pm2 restart myapp --update-env', { FLAVOUR: 'mint' }],
        ['sudo -E pm2 restart myapp --update-env', { FLAVOUR: 'mint' }],
      ] as const) {
        await host.must('env -u FLAVOUR pm2 delete myapp; pm2 start server.js --name myapp', {
          user: 'www-data',
          cwd: SITE,
        });
        const stderr = await restartsOnce(line, 'carol', env);
        const [app] = await host.apps(WEB);
        // 0.2.5 keeps no variable; what was typed as a word of sudo's own crosses there as well.
        const asWord = /^sudo (env )?FLAVOUR=/.test(line);
        const arrives = sudo !== 'trixie' || asWord;
        expect({ line, FLAVOUR: app?.env['FLAVOUR'] }).toEqual({ line, FLAVOUR: arrives ? 'mint' : undefined });
        const named =
          /^pm2-guard: not handed to the app: (.*) \(sudo did not keep/m.exec(stderr)?.[1]?.split(', ') ?? [];
        expect({ line, named: named.includes('FLAVOUR') }).toEqual({ line, named: !arrives });
        expect(Object.keys(app?.env ?? {}).filter((variable) => /^(SUDO_|PM2_GUARD)/.test(variable))).toEqual([]);
      }
    });

    it.each(['-T 5', '-N'])('%s: what the sudo of the host answers to it', async (option) => {
      const line = (program: string) => `${program} -n ${option} -u www-data ${SHIM} ping`;
      const real = await host.run(line('/usr/bin/sudo'), { user: 'carol', env: { PATH } });
      const typed = await host.run(line('sudo'), { user: 'carol', env: { PATH } });
      expect(typed).toMatchObject({ status: real.status, stdout: real.stdout, stderr: real.stderr });
    });

    it("what the rights do not cover is refused in sudo's own words", async () => {
      for (const line of ['sudo -n -u ops pm2 restart backup', 'sudo -n id -un']) {
        const real = await host.run(line.replace('sudo', '/usr/bin/sudo').replace(' pm2 ', ` ${SHIM} `), {
          user: 'carol',
          env: { PATH },
        });
        const typed = await host.run(line, { user: 'carol', env: { PATH } });
        expect(typed).toMatchObject({ status: 1, stdout: '', stderr: real.stderr });
      }
    });

    it('a file of mode 0644 that sudo accepts stands in no way', async () => {
      await host.write('/etc/sudoers.d/mine', 'frank ALL=(root) NOPASSWD: /usr/bin/true\n', { mode: '644' });
      expect(await host.run('sudo -n /usr/bin/true', { user: 'frank' })).toMatchObject({ status: 0 });
      await host.must(`rm ${OPERATORS}`);
      expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stderr: '' });
      await host.write('/etc/sudoers.d/mine', 'this is no rule\n', { mode: '644' });
      await host.must(`rm ${OPERATORS}`);
      expect(await host.run('pm2-guard sudoers --write')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('sudoers is not in order') as string,
      });
      await host.must('rm /etc/sudoers.d/mine && pm2-guard sudoers --write');
    });

    it('says that a file which sudo does not read has no effect', async () => {
      const main = sudo === 'classic' ? '/etc/sudoers' : '/etc/sudoers-rs';
      await host.must(
        `cp -p /etc/sudoers /opt/sudoers; cp -p /etc/sudoers ${main}.new; mv ${main}.new ${main}; sed -i ` +
          `'/includedir/d; $a deploy ALL=(ALL:ALL) NOPASSWD: ALL' ${main}`,
      );
      const told = await host.run('pm2-guard sudoers --write');
      await host.must(`rm -f ${main}; cp -p /opt/sudoers /etc/sudoers`);
      expect(told).toMatchObject({ status: 1, stdout: '' });
      expect(told.stderr).toContain(
        `sudo does not let carol run pm2 as www-data. ${main} does not include /etc/sudoers.d`,
      );
      expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0 });
    });

    it('verify goes through sudo, status knows where sudo looks', async () => {
      const { stdout } = await host.run('pm2-guard verify --json', { timeoutMs: 120_000 });
      const { ways } = JSON.parse(stdout) as { ways: { way: string; state: string }[] };
      const bySudo = ways.filter(({ way }) => way.startsWith('sudo'));
      expect(bySudo.length).toBeGreaterThan(2);
      expect(bySudo.filter(({ state }) => state === 'unknown')).toEqual([]);
      expect((await host.run('pm2-guard status')).stdout).toMatch(/sudo +guarded/);
    });

    it('uninstall takes its rules away', async () => {
      await host.must('cp /usr/local/lib/pm2-guard/pm2-guard.cjs /opt/ 2>/dev/null || true');
      expect(await host.run('pm2-guard uninstall')).toMatchObject({ status: 0 });
      expect((await host.tree('/etc/sudoers.d')).filter(({ path }) => path.includes('pm2-guard'))).toEqual([]);
    });
  });
}

for (const sudo of sudos) {
  for (const prefix of ['/usr', '/usr/local'] as const) {
    describeOnHost(`a secure_path without /usr/local: sudo ${sudo}, npm's prefix ${prefix}`, () => {
      let host: Host;
      beforeAll(async () => {
        host = await hostWith(sudo, 'alternative', prefix);
        await host.must(
          `sed -i 's|^Defaults\\s*secure_path=.*|Defaults secure_path="${securePathOfSid}"|' /etc/sudoers && visudo -c`,
        );
      });
      afterAll(() => host.dispose());

      it("without the guard sudo pm2 is root's own, or is not found", async () => {
        const { status, stderr } = await host.run('sudo pm2 ping', { user: 'deploy' });
        if (prefix === '/usr') expect(daemonsOn(host)).toEqual(['root /root/.pm2']);
        else
          expect({ status, stderr }).toEqual({
            status: 1,
            stderr: expect.stringContaining('command not found') as string,
          });
        await host.must('sudo pm2 kill || true', { user: 'deploy' });
      });

      it('with it sudo pm2 lands right, and sudo pm2-guard is found', async () => {
        await host.installGuard(CONFIG);
        expect(await host.read('/etc/sudoers.d/pm2-guard')).toContain(
          `Defaults secure_path="/usr/local/lib/pm2-guard/bin:${securePathOfSid}"\n`,
        );
        expect(await host.run('sudo pm2 ping', { user: 'deploy' })).toMatchObject({ status: 0 });
        expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
        expect(await host.run('sudo pm2-guard status', { user: 'deploy' })).toMatchObject({
          stdout: expect.stringMatching(/sudo +guarded/) as string,
        });
        const second = await host.run('pm2-guard install');
        expect(second.stdout).not.toMatch(/(created|updated) .*sudoers\.d/);
      });

      it('status of others does not guess', async () => {
        const { stdout } = await host.run('pm2-guard status', { user: 'alice' });
        expect(stdout).not.toContain('does not tell');
        expect(stdout).toMatch(/sudo .*only root can tell/);
      });
    });
  }
}

async function hostWith(
  sudo: (typeof sudos)[number],
  place: Place,
  prefix: '/usr' | '/usr/local' = '/usr',
): Promise<Host> {
  const host = await createHost({ prefix, users: ['carol', 'erin', 'frank'] });
  await useSudo(host, sudo, place);
  return host;
}
