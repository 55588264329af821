import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';

const PACKAGE = '/usr/lib/node_modules/pm2';
const BIN = `${PACKAGE}/bin/pm2`;
const ORIGINAL = `${BIN}.pm2-guard-original`;

/** Everything of a package: type, mode, owner, time, content. */
async function everything(host: Host, directory: string): Promise<string> {
  const files = await host.must(`find ${directory} -printf '%p %y %m %U:%G %T@ %l\\n' | sort`);
  return (
    files + (await host.must(`find ${directory}/bin ${directory}/package.json -type f -exec sha256sum {} + | sort`))
  );
}

/** A package of PM2's, as far as sealing is concerned. */
async function smallPackage(host: Host, directory: string, owner = 'root'): Promise<void> {
  await host.must(
    `mkdir -p ${directory}/bin ${directory}/lib/binaries && cd ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ` +
      `&& cp package.json ${directory} && cp bin/pm2 ${directory}/bin && chown -R ${owner}: ${directory} && touch -d ` +
      `@1700000000.25 ${directory}/bin`,
  );
}

describeOnHost('seal and unseal', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must(`touch -d @1700000000.25 ${PACKAGE}/bin`); // node sets times to the microsecond
  });
  afterAll(() => host.dispose());

  it('change nothing in a dry run, nothing at a second one, and restore everything', async () => {
    const before = await everything(host, PACKAGE);
    expect(await host.run('pm2-guard seal --dry-run')).toMatchObject({
      status: 0,
      stdout: `sealed     ${PACKAGE}  (PM2 7.0.4)\nnothing was changed\n`,
      stderr: '',
    });
    expect(await everything(host, PACKAGE)).toBe(before);
    expect(await host.exists('/var/lib/pm2-guard/seals.json')).toBe(false);

    expect(JSON.parse(await host.must('pm2-guard seal --json'))).toEqual({
      dryRun: false,
      packages: [{ package: PACKAGE, version: '7.0.4', user: 'root', outcome: 'sealed', fault: null }],
    });
    const sealed = await everything(host, PACKAGE);
    expect(
      (await host.tree(`${PACKAGE}/bin`)).filter(({ path }) => path.startsWith(BIN) && !path.endsWith('.ps1')),
    ).toMatchObject([
      { path: `${PACKAGE}/bin/pm2`, type: 'f', mode: '755', owner: 'root', group: 'root' },
      ...['-dev', '-docker', '-runtime'].map((name) => ({ path: BIN + name })),
      { path: ORIGINAL, type: 'f', mode: '755', owner: 'root', group: 'root' },
    ]);
    expect(await host.run('pm2-guard seal')).toMatchObject({
      status: 0,
      stdout: `unchanged  ${PACKAGE}  (PM2 7.0.4)\n`,
    });
    expect(await everything(host, PACKAGE)).toBe(sealed);

    expect(await host.run('pm2-guard unseal --dry-run')).toMatchObject({
      status: 0,
      stdout: `unsealed   ${PACKAGE}  (PM2 7.0.4)\nnothing was changed\n`,
    });
    expect(await everything(host, PACKAGE)).toBe(sealed);
    expect(await host.run('pm2-guard unseal')).toMatchObject({
      status: 0,
      stdout: `unsealed   ${PACKAGE}  (PM2 7.0.4)\n`,
    });
    expect(await everything(host, PACKAGE)).toBe(before);
    expect(await host.run('pm2-guard unseal')).toMatchObject({ status: 0, stdout: 'nothing is sealed\n' });
    expect(await host.exists('/var/lib/pm2-guard/seals.json')).toBe(false);
  });

  it('keep mode, group and time, whatever they are', async () => {
    await host.must(
      `chmod 2751 ${BIN}; chgrp www-data ${BIN}; chmod 2751 ${BIN}; touch -d '2001-02-03 04:05:06.789012345' ` +
        `${BIN}; chmod 2755 ${PACKAGE}/bin; chgrp games ${PACKAGE}/bin`,
    );
    const before = await everything(host, PACKAGE);
    await host.must('pm2-guard seal');
    expect(await host.tree(BIN)).toMatchObject([{ mode: '2751', owner: 'root', group: 'www-data' }]);
    await host.must('pm2-guard unseal');
    expect(await everything(host, PACKAGE)).toBe(before);
    await host.must(`chmod 755 ${BIN} ${PACKAGE}/bin; chgrp root ${BIN} ${PACKAGE}/bin`);
  });

  it('name a package by its directory, its prefix, or a pm2', async () => {
    for (const path of [PACKAGE, '/usr', '/usr/bin/pm2', '/usr/bin/../lib/node_modules/pm2/bin/pm2']) {
      expect(await host.run(`pm2-guard seal --path ${path}`)).toMatchObject({
        status: 0,
        stdout: `sealed     ${PACKAGE}  (PM2 7.0.4)\n`,
      });
      expect(await host.run(`pm2-guard unseal --path ${path}`)).toMatchObject({
        status: 0,
        stdout: `unsealed   ${PACKAGE}  (PM2 7.0.4)\n`,
      });
    }
    expect(await host.run(`pm2-guard unseal --path ${PACKAGE}`)).toMatchObject({
      status: 0,
      stdout: `unchanged  ${PACKAGE}  (PM2 7.0.4)\n`,
    });
  });

  it('install --seal seals, another pm2-guard renews, uninstall unseals', async () => {
    const before = await everything(host, PACKAGE);
    expect(await host.run('pm2-guard install --seal --dry-run')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`  sealed     ${PACKAGE}  (PM2 7.0.4)\n`) as string,
    });
    expect(await everything(host, PACKAGE)).toBe(before);
    expect(await host.run('pm2-guard install --seal')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`  sealed     ${PACKAGE}  (PM2 7.0.4)\n`) as string,
    });
    const sealed = await everything(host, PACKAGE);
    await host.must(`echo '// of another version' >> ${BIN}`);
    expect((await host.run('pm2-guard status')).stdout).toContain(
      `problem: ${PACKAGE}: sealed by another pm2-guard; run:  sudo pm2-guard seal\n`,
    );
    // it does its work all the same
    expect(await host.run('/usr/bin/pm2 restart myapp', { user: 'alice' })).toMatchObject({ status: 126 });
    expect(await host.run('pm2-guard install')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`  renewed    ${PACKAGE}  (PM2 7.0.4)\n`) as string,
    });
    expect(await host.read(BIN)).toContain('becomeOriginal');
    expect(sealed.split('\n').length).toBe((await everything(host, PACKAGE)).split('\n').length);

    // install.sh finds a pm2, and gets none from npm.
    await host.must(
      `mkdir /srv/release && cp -r ${checkout}/install.sh ${checkout}/shims ${checkout}/dist /srv/release`,
    );
    expect(await host.run('/srv/release/install.sh', { env: { PATH: '/usr/bin:/bin' } })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`real pm2   ${BIN}  (7.0.4)\n`) as string,
      stderr: expect.stringMatching(
        /^pm2-guard: proving it \(pm2-guard verify\)\npm2-guard: covered: all \d+ ways lead to the guard\n$/,
      ) as string,
    });

    // A damaged installation is left as well as a whole one.
    await host.must('rm /usr/local/lib/pm2-guard/bin/../door.cjs');
    expect(await host.run('pm2-guard status')).toMatchObject({ stderr: '' });
    const { stdout, status } = await host.run('pm2-guard uninstall');
    expect(stdout).toContain(`  updated    ${BIN}  (is PM2's own file again)\n`);
    expect(status).toBe(0);
    expect(await everything(host, PACKAGE)).toBe(before);
    await host.installGuard(CONFIG);
  });

  it('close the ways that status finds open', async () => {
    await host.must(`mv /usr/local/bin/pm2 /srv/link && ln -s ${BIN} /usr/local/bin/pm2`);
    expect((await host.run('pm2-guard status')).stdout).toContain(
      '\nssh, sh      NOT guarded: /usr/local/bin/pm2 comes first\n',
    );
    await host.must('pm2-guard seal');
    const { stdout, status } = await host.run('pm2-guard status');
    await host.must('pm2-guard unseal; mv /srv/link /usr/local/bin/pm2');
    expect({ stdout, status }).toEqual({
      stdout: expect.stringContaining('\nssh, sh      guarded  (/usr/local/bin/pm2, sealed)\n') as string,
      status: 0,
    });
    expect(stdout).toContain(`\nseal         ${PACKAGE}  (sealed)\n`);
  });

  it('need root, an installation, and something to work on', async () => {
    for (const command of ['seal', 'unseal']) {
      expect(await host.run(`pm2-guard ${command}`, { user: 'alice' })).toMatchObject({
        status: 1,
        stdout: '',
        stderr:
          `pm2-guard: ${command} changes files of root, and of others in their name, which only root may\n  run:  ` +
          `sudo pm2-guard ${command}\n`,
      });
      expect(await host.run(`pm2-guard ${command} --path /nowhere`)).toMatchObject({
        status: 1,
        stderr: 'pm2-guard: /nowhere is not there (ENOENT)\n  run:  pm2-guard status\n',
      });
      expect(await host.run(`pm2-guard ${command} --path /etc`)).toMatchObject({
        status: 1,
        stderr:
          "pm2-guard: /etc leads to no package of PM2: neither its directory, nor a prefix of npm's, nor a pm2\n  " +
          'run:  npm root -g\n',
      });
      expect(await host.run(`pm2-guard ${command} --user nobody-of-the-kind`)).toMatchObject({
        status: 1,
        stderr: 'pm2-guard: there is no user nobody-of-the-kind\n  run:  getent passwd\n',
      });
      expect((await host.run(`pm2-guard ${command} --user alice`)).stderr).toContain(
        'alice has no pm2 of a version manager below /home/alice',
      );
    }
    await host.must('chmod g+w /usr/local/lib');
    const untrusted = await host.run('pm2-guard seal');
    await host.must('chmod g-w /usr/local/lib');
    expect(untrusted).toMatchObject({
      status: 1,
      stderr:
        'pm2-guard: a sealed pm2 would lead to what others than root can change: /usr/local/lib is writable by its ' +
        'group (mode 0775)\n  run:  sudo pm2-guard install\n',
    });
    const kept = '/srv/kept';
    await host.must(`mv /usr/local/lib/pm2-guard ${kept}`);
    const { stderr, status } = await host.run(`node ${checkout}/dist/pm2-guard.cjs seal`);
    await host.must(`mv ${kept} /usr/local/lib/pm2-guard`);
    expect({ stderr, status }).toEqual({
      stderr:
        'pm2-guard: pm2-guard is not installed on this host, and a sealed pm2 leads to it\n  run:  sudo ./install.sh\n',
      status: 1,
    });
  });

  describe('what cannot be sealed is left as it is, with the reason', () => {
    const other = '/opt/one/lib/node_modules/pm2';
    beforeEach(async () => {
      await host.must(
        `umount ${other}/bin/pm2 2>/dev/null; umount /opt/one 2>/dev/null; chattr -i ${other}/bin/pm2 2>/dev/null; ` +
          'rm -rf /opt/one',
      );
      await smallPackage(host, other);
    });
    const refused = async (why: string, next: string | null): Promise<void> => {
      const before = await everything(host, other);
      const { stdout, status } = await host.run(`pm2-guard seal --path ${other}`);
      expect(status).toBe(1);
      expect(stdout).toMatch(new RegExp(`^NOT DONE   ${other}  \\([^)]+\\): `));
      expect(stdout).toContain(`: ${why}\n`);
      if (next === null) expect(stdout).not.toContain('run:');
      else expect(stdout).toContain(`\n  run:  ${next}\n`);
      expect(await everything(host, other)).toBe(before);
      expect(await host.exists('/var/lib/pm2-guard/seals.json')).toBe(false);
    };

    it('a wrapper in its place', async () => {
      await host.write(`${other}/bin/pm2`, '#!/bin/sh\nexec authbind --deep node "$0.js" "$@"\n', { mode: '755' });
      await refused('bin/pm2 is not the program that npm installs: its first line does not name node', null);
    });
    it('a link in its place', async () => {
      await host.must(`mv ${other}/bin/pm2 ${other}/bin/real && ln -s real ${other}/bin/pm2`);
      await refused('bin/pm2 is a symbolic link', null);
    });
    it('a FIFO in its place', async () => {
      await host.must(`rm ${other}/bin/pm2 && mkfifo ${other}/bin/pm2`);
      await refused('bin/pm2 is no regular file', null);
    });
    it('nothing in its place', async () => {
      await host.must(`rm ${other}/bin/pm2`);
      await refused('there is no bin/pm2 in it', null);
    });
    it('another package', async () => {
      await host.write(`${other}/package.json`, '{"name":"pm2-fork","version":"1.0.0"}');
      await refused('it is not the npm package pm2', null);
    });
    it('our own shim in its place', async () => {
      await host.must(`cp /usr/local/lib/pm2-guard/bin/pm2 ${other}/bin/pm2`);
      await refused("PM2's own bin/pm2 is gone from beside the door", 'npm install -g --prefix /opt/one pm2@7.0.4');
    });
    it('what a group can write', async () => {
      await host.must(`chmod 2775 ${other}/bin`);
      await refused(
        `${other}/bin is writable by its group (mode 2775), and root does not write where others can`,
        `chmod go-w ${other}/bin`,
      );
    });
    it("root's package below a user's directory", async () => {
      await host.must('chown alice /opt/one/lib');
      await refused(
        `/opt/one/lib is owned by uid ${host.account('alice').uid}, not by root, and root does not write where ` +
          'others can',
        'sudo -u alice npm install -g --prefix /opt/one pm2@7.0.4',
      );
    });
    it("a user's directory with root's file", async () => {
      await host.must(`chown alice ${other} ${other}/bin`);
      await refused("bin/pm2 is not alice's, as bin/ is", 'npm install -g --prefix /opt/one pm2@7.0.4');
    });
    it('a read-only file system', async () => {
      await host.must('mount -t tmpfs -o mode=755 tmpfs /opt/one');
      await smallPackage(host, other);
      await host.must('mount -o remount,ro /opt/one');
      await refused('its file system is read-only', `findmnt -T ${other}`);
    });
    it('a file system that became read-only: unseal keeps it on the list, until it can be unsealed', async () => {
      const list = '/var/lib/pm2-guard/seals.json';
      await host.must('mount -t tmpfs -o mode=755 tmpfs /opt/one');
      await smallPackage(host, other);
      await host.must(`pm2-guard seal --path ${other} && mount -o remount,ro /opt/one`);
      for (const words of ['unseal', `unseal --path ${other}`]) {
        expect(await host.run(`pm2-guard ${words}`)).toMatchObject({
          status: 1,
          stdout: expect.stringContaining(`NOT DONE   ${other}  (PM2 7.0.4): its file system is read-only\n`) as string,
        });
        expect(await host.read(list)).toContain(other);
      }
      await host.must('mount -o remount,rw /opt/one');
      expect((await host.run('pm2-guard unseal')).stdout).toMatch(new RegExp(`^unsealed   ${other} `, 'm'));
      expect(await host.exists(list)).toBe(false);
    });
    it('a full one', async () => {
      await host.must('mount -t tmpfs -o mode=755,size=256k tmpfs /opt/one');
      await smallPackage(host, other);
      await host.must('head -c 1M /dev/zero > /opt/one/full || true');
      await refused('there is no space left on its file system', `df -h ${other}`);
      await host.must(`rm /opt/one/full && pm2-guard seal --path ${other}`); // and then it can be
      // which needs no space
      await host.must(`head -c 1M /dev/zero > /opt/one/full || true; pm2-guard unseal --path ${other}`);
    });
    it('immutable files', async () => {
      await host.must(`chattr +i ${other}/bin/pm2`);
      await refused(
        'the system does not permit it: files may be immutable, or hard links not supported there',
        `lsattr -d ${other}/bin ${other}/bin/pm2`,
      );
    });
    it('a mount in its place', async () => {
      await host.must(`cp ${other}/bin/pm2 /srv/bound && mount --bind /srv/bound ${other}/bin/pm2`);
      await refused('bin/pm2 is a mount of its own', `findmnt ${other}/bin/pm2`);
    });
  });
});
