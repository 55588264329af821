import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const FILE = '/etc/sudoers.d/pm2-guard-operators';
const containing = (text: string): string => expect.stringContaining(text) as string;
const config = (operators: string, ops = '[]') => `default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp], operators: ${operators} }
  ops: { user: ops, operators: ${ops} }
`;
const RULE = 'carol, %web ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2';

describeOnHost('pm2-guard sudoers', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['carol', 'dave', 'eve'] });
    await host.must('groupadd web && usermod -aG web dave');
    await host.installGuard(config('[]'));
  });
  beforeEach(async () => {
    await host.must(`rm -rf ${FILE} /etc/sudoers.d/zz*`);
    await host.write('/etc/pm2-guard/config.yaml', config('[carol, "%web"]'));
  });
  afterAll(() => host.dispose());
  const mode = async () => (await host.must(`stat -c '%a %U:%G' ${FILE}`)).trim();

  it('prints to every user what it would write', async () => {
    const shown = await host.run('pm2-guard sudoers', { user: 'alice' });
    expect(shown).toMatchObject({
      status: 0,
      stderr: '',
      stdout: containing(`\n# daemon web: www-data in /var/www/.pm2\n${RULE}\n`),
    });
    await host.must('pm2-guard sudoers --write');
    expect(await host.read(FILE)).toBe(shown.stdout);
  });

  it('lets a user and a member of a group run pm2 as www-data, without a password and with a variable', async () => {
    const call = 'sudo -n -u www-data NODE_ENV=production /usr/local/lib/pm2-guard/bin/pm2 ping';
    expect(await host.run(call, { user: 'carol' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('a password is required'),
    });
    expect(await host.run('pm2-guard sudoers --write')).toEqual(
      expect.objectContaining({ status: 0, stderr: '', stdout: `created  ${FILE}\n  ${RULE}\n` }),
    );
    expect(await mode()).toBe('440 root:root');
    for (const user of ['carol', 'dave'])
      expect(await host.run(call, { user, cwd: '/' })).toMatchObject({ status: 0, stdout: containing('pong') });
    expect(host.daemons().map(({ uid, home }) => `${uid} ${home}`)).toEqual(['33 /var/www/.pm2']);
  });

  it('lets nobody else, as nobody else, and nothing else', async () => {
    await host.must('pm2-guard sudoers --write');
    const refused = [
      ['eve', 'sudo -n -u www-data /usr/local/lib/pm2-guard/bin/pm2 ping'],
      ['carol', 'sudo -n -u ops /usr/local/lib/pm2-guard/bin/pm2 ping'],
      ['carol', 'sudo -n -u root /usr/local/lib/pm2-guard/bin/pm2 ping'],
      ['carol', 'sudo -n /usr/local/lib/pm2-guard/bin/pm2 ping'],
      ['carol', 'sudo -n -u www-data -g root /usr/local/lib/pm2-guard/bin/pm2 ping'],
      ['carol', 'sudo -n -u www-data /usr/lib/node_modules/pm2/bin/pm2 ping'],
      ['carol', 'sudo -n -u www-data /usr/local/lib/pm2-guard/bin/pm2-guard status'],
      ['carol', 'sudo -n -u www-data sh -c true'],
    ] as const;
    for (const [user, call] of refused)
      expect(await host.run(call, { user }), call).toMatchObject({
        status: 1,
        stdout: '',
        stderr: containing('a password is required'),
      });
  });

  it('written twice is written once', async () => {
    await host.must('pm2-guard sudoers --write');
    const before = await host.must(`stat -c '%i %y' ${FILE}`);
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stdout: containing('unchanged') });
    expect(await host.must(`stat -c '%i %y' ${FILE}`)).toBe(before);
    await host.must(`chmod 644 ${FILE}`);
    expect(await host.run('pm2-guard sudoers --check')).toMatchObject({ status: 1, stderr: containing('mode 0644') });
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stdout: containing('updated') });
    expect(await mode()).toBe('440 root:root');
  });

  it('tells in --check, check and status whether it is what the config asks for', async () => {
    const told = async () =>
      [
        await host.run('pm2-guard sudoers --check'),
        await host.run('pm2-guard check'),
        await host.run('pm2-guard status'),
      ] as const;
    const [absent, checkAbsent, statusAbsent] = await told();
    expect(absent).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        `pm2-guard: ${FILE} is not there, and the config names operators\n` +
        '  run:  sudo pm2-guard sudoers --write\n',
    });
    expect(checkAbsent).toMatchObject({
      status: 0,
      stdout: containing(`${FILE} is not there, and the config names operators; run:  sudo pm2-guard sudoers --write`),
    });
    expect(statusAbsent).toMatchObject({ status: 0, stdout: containing(`operators    ${FILE} is not there`) });

    await host.must('pm2-guard sudoers --write');
    const [matches, checkMatches, statusMatches] = await told();
    expect(matches).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `${FILE} is what /etc/pm2-guard/config.yaml asks for\n`,
    });
    expect(checkMatches).toMatchObject({ status: 0, stdout: containing(`${FILE} is what the config asks for`) });
    expect(statusMatches).toMatchObject({ status: 0 });

    await host.write('/etc/pm2-guard/config.yaml', config('[carol, "%web"]', '[carol]'));
    const [differs, checkDiffers, statusDiffers] = await told();
    expect(differs).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing('grants something else than the config asks for'),
    });
    expect(checkDiffers).toMatchObject({
      status: 0,
      stdout: containing('grants something else than the config asks for; run:  sudo pm2-guard sudoers --write'),
    });
    expect(statusDiffers).toMatchObject({
      status: 1,
      stdout: containing(`problem: ${FILE} grants something else than the config asks for; run:`),
    });

    expect(await host.run('pm2-guard sudoers --check', { user: 'alice' })).toMatchObject({
      status: 1,
      stderr: containing('run:  sudo pm2-guard sudoers --check'),
    });
    expect(await host.run('pm2-guard status', { user: 'alice' })).toMatchObject({ status: 0 });
  });

  it('sees a rule that was added by hand, and removes it', async () => {
    await host.must(
      `pm2-guard sudoers --write && chmod u+w ${FILE} && echo '#1000 ALL=(ALL) NOPASSWD: ALL' >> ${FILE} && chmod ` +
        `440 ${FILE}`,
    );
    expect(await host.run('pm2-guard sudoers --check')).toMatchObject({ status: 1 });
    await host.must('pm2-guard sudoers --write && pm2-guard sudoers --check');
    expect(await host.read(FILE)).not.toContain('#1000');
  });

  it('repairs its own file where that is what is broken', async () => {
    await host.must(
      `pm2-guard sudoers --write && chmod u+w ${FILE} && echo 'this is no rule' >> ${FILE} && chmod 440 ${FILE}`,
    );
    expect(await host.run('visudo -c')).toMatchObject({ status: 1 });
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stdout: containing('updated') });
    await host.must('visudo -c');
  });

  it('removes the file if no user has rights any more', async () => {
    await host.must('pm2-guard sudoers --write');
    await host.write('/etc/pm2-guard/config.yaml', config('[]'));
    expect(await host.run('pm2-guard sudoers --check')).toMatchObject({
      status: 1,
      stderr: containing('names no operators'),
    });
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stdout: `removed  ${FILE}\n` });
    expect(await host.exists(FILE)).toBe(false);
    expect(await host.run('pm2-guard sudoers --write && pm2-guard sudoers --check')).toMatchObject({ status: 0 });
  });

  it('--json', async () => {
    const asked = async (options: string) =>
      JSON.parse((await host.run(`pm2-guard sudoers --json ${options}`)).stdout) as unknown;
    const grants = [{ user: 'www-data', root: false, daemons: ['web'], operators: ['carol', '%web'], rule: RULE }];
    expect(await asked('')).toMatchObject({
      file: FILE,
      config: '/etc/pm2-guard/config.yaml',
      outcome: null,
      state: 'missing',
      grants,
      notes: [],
      text: containing(RULE),
    });
    expect(await asked('--write')).toMatchObject({ outcome: 'created', state: 'matches', grants });
    expect(await asked('--check')).toMatchObject({ outcome: null, state: 'matches' });
  });

  it('warns of operators of root, and tells who gets no rule', async () => {
    await host.write(
      '/etc/pm2-guard/config.yaml',
      'daemons:\n  system: { user: root, operators: [carol, mallory, "%gone"] }\n',
    );
    const { status, stderr, stdout } = await host.run('pm2-guard sudoers --write');
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `created  ${FILE}\n  carol ALL=(root) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2\n`,
    });
    expect(stderr).toBe(
      [
        'pm2-guard: pm2 as root is root: carol can do everything on this host (daemon system)',
        'pm2-guard: operators of system: mallory: there is no such user',
        'pm2-guard: operators of system: %gone: there is no such group',
        '',
      ].join('\n'),
    );
    // Who comes later with such a name gets nothing until root has confirmed it.
    await host.must('useradd mallory');
    expect(await host.run('pm2-guard sudoers --check')).toMatchObject({ status: 1 });
    await host.must('userdel mallory');
  });

  it('names that need care work with the real sudo', async () => {
    await host.must(
      'useradd --badname "Carol" 2>/dev/null || echo "Carol:x:4001:4001::/home/Carol:/bin/sh" >> /etc/passwd',
    );
    await host.must(
      'printf "WEBMASTER:x:4002:4002::/tmp:/bin/sh\\nCORP\\\\\\\\zoe:x:4003:4003::/tmp:/bin/sh\\n" >> /etc/passwd; ' +
        'printf "domain users:x:4004:WEBMASTER,eve\\n" >> /etc/group',
    );
    await host.write('/etc/pm2-guard/config.yaml', config('[carol, WEBMASTER, "CORP\\\\zoe", "%domain users"]'));
    const { stdout } = await host.run('pm2-guard sudoers --write');
    // carol by number: Carol is here as well, and sudo would take one for the other.
    expect(stdout).toContain(
      `  CORP\\\\zoe, "WEBMASTER", #${host.account('carol').uid}, "%domain users" ALL=(www-data)`,
    );
    const allowed = async (user: string) =>
      (await host.run(`sudo -n -l -U '${user}' -u www-data /usr/local/lib/pm2-guard/bin/pm2`)).status;
    expect([
      await allowed('carol'),
      await allowed('WEBMASTER'),
      await allowed('CORP\\zoe'),
      await allowed('eve'),
    ]).toEqual([0, 0, 0, 0]);
    expect([await allowed('Carol'), await allowed('alice'), await allowed('dave')]).toEqual([1, 1, 1]);
    await host.must(
      'sed -i "/^Carol:/d;/^WEBMASTER:/d;/zoe:/d" /etc/passwd; sed -i "/^domain users:/d" /etc/group; rm -f ' +
        '/etc/shadow- ; sed -i "/^Carol:/d" /etc/shadow /etc/group /etc/gshadow',
    );
  });

  describe('changes nothing', () => {
    const refused = async (expected: string, status = 1) => {
      const before = await host.tree('/etc/sudoers.d');
      const result = await host.run('pm2-guard sudoers --write');
      expect(result).toMatchObject({ status, stdout: '', stderr: containing(expected) });
      expect(await host.tree('/etc/sudoers.d')).toEqual(before);
    };
    it('where sudoers is broken already', async () => {
      await host.write('/etc/sudoers.d/zz-broken', 'this is no sudoers\n', { mode: '440' });
      await refused('nothing was changed: sudoers is not in order: /etc/sudoers.d/zz-broken:1');
    });
    it("where a file of that name is not pm2-guard's", async () => {
      await host.write(FILE, '# mine\n', { mode: '440' });
      await refused('was not written by pm2-guard');
      expect(await host.run('pm2-guard sudoers --check')).toMatchObject({
        status: 1,
        stderr:
          `pm2-guard: ${FILE} was not written by pm2-guard\n` +
          `  run:  sudo mv ${FILE} /root/ && sudo pm2-guard sudoers --write\n`,
      });
      expect(await host.read(FILE)).toBe('# mine\n');
    });
    it('where it is a link', async () => {
      await host.must(`ln -s /etc/passwd ${FILE}`);
      await refused('was not written by pm2-guard');
    });
    it('for users other than root', async () => {
      expect(await host.run('pm2-guard sudoers --write', { user: 'alice' })).toMatchObject({
        status: 1,
        stderr: containing('run:  sudo pm2-guard sudoers --write'),
      });
    });
    it('where the config cannot be used, though a last good policy holds', async () => {
      await host.must('pm2-guard sudoers --write && pm2 -v; touch /etc/pm2-guard/config.yaml');
      await host.write('/etc/pm2-guard/config.yaml', 'daemons: [\n');
      await refused('/etc/pm2-guard/config.yaml:', 78);
    });
    it('where others could write the config', async () => {
      await host.must('chmod o+w /etc/pm2-guard/config.yaml');
      await refused('cannot be trusted', 78);
    });
    it('where others can write the directory', async () => {
      await host.must('chmod g+w /etc/sudoers.d');
      await refused('nothing was changed: /etc/sudoers.d is writable by its group');
      await host.must('chmod g-w /etc/sudoers.d');
    });
    it('where there is no visudo', async () => {
      await host.must('mv /usr/sbin/visudo /opt/visudo');
      await refused('there is no /usr/sbin/visudo');
      await host.must('mv /opt/visudo /usr/sbin/visudo');
    });
    it('where the config is named by the caller', async () => {
      await host.write('/home/alice/own.yaml', config('[alice]'), { owner: 'alice' });
      expect(
        (await host.run('pm2-guard sudoers', { env: { PM2_GUARD_CONFIG: '/home/alice/own.yaml' } })).stdout,
      ).not.toContain('alice');
    });
  });

  it('takes back what sudoers as a whole does not bear', async () => {
    // A visudo that finds fault as soon as the file is there: the last check of all.
    await host.must('mv /usr/sbin/visudo /opt/visudo');
    await host.write(
      '/usr/sbin/visudo',
      `#!/bin/sh\nif [ $# = 1 ] && grep -qs carol ${FILE}; then echo "/etc/sudoers:9: it is Sunday" >&2; exit 1; ` +
        `fi\nexec /opt/visudo "$@"\n`,
      { mode: '755' },
    );
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: containing(
        'everything is as it was: with the change, sudoers is not in order: /etc/sudoers:9: it is Sunday',
      ),
    });
    expect(await host.exists(FILE)).toBe(false);
    await host.write('/etc/pm2-guard/config.yaml', config('["%web"]'));
    await host.must('pm2-guard sudoers --write');
    const before = await host.read(FILE);
    await host.write('/etc/pm2-guard/config.yaml', config('[carol, "%web"]'));
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 1 });
    expect(await host.read(FILE)).toBe(before);
    expect(await mode()).toBe('440 root:root');
    await host.must('mv /opt/visudo /usr/sbin/visudo');
  });

  it('says that a file which sudo does not read has no effect', async () => {
    await host.must('cp -p /etc/sudoers /opt/sudoers && sed -i /includedir/d /etc/sudoers');
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({
      status: 1,
      stderr: containing('does not include /etc/sudoers.d'),
    });
    await host.must('cp -p /opt/sudoers /etc/sudoers');
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stdout: containing('unchanged') });
  });

  it('killed at any moment, it leaves a sudo that works, with the old rules or the new ones', async () => {
    await host.must('pm2-guard sudoers --write');
    const old = await host.read(FILE);
    for (let after = 80; after <= 400; after += 40) {
      await host.write('/etc/pm2-guard/config.yaml', config('[carol, eve, "%web"]'));
      await host.run(`timeout -s KILL 0.${String(after).padStart(3, '0')} pm2-guard sudoers --write`);
      await host.must('visudo -c');
      const now = await host.read(FILE);
      expect(now === old || now === old.replace('carol, %web', 'carol, eve, %web'), `after ${after} ms`).toBe(true);
      expect(await mode()).toBe('440 root:root');
      await host.write('/etc/pm2-guard/config.yaml', config('[carol, "%web"]'));
      await host.must('pm2-guard sudoers --write');
    }
    expect((await host.tree('/etc/sudoers.d')).filter(({ path }) => path.includes('.new'))).toEqual([]);
  });

  it('is removed by uninstall, which leaves other files alone', async () => {
    await host.must('pm2-guard sudoers --write && touch /etc/sudoers.d/.pm2-guard-operators.1.1.new');
    expect(await host.run('pm2-guard uninstall --dry-run')).toMatchObject({ status: 0, stdout: containing(FILE) });
    await host.must('cp /usr/local/lib/pm2-guard/bin/../pm2-guard.cjs /opt/ && pm2-guard uninstall && visudo -c');
    expect((await host.tree('/etc/sudoers.d')).filter(({ path }) => path.includes('pm2-guard'))).toEqual([]);
    await host.write(FILE, '# mine\n', { mode: '440' });
    await host.must('node /opt/pm2-guard.cjs uninstall');
    expect(await host.exists(FILE)).toBe(true);
  });

  it('goes with uninstall where sudo is gone already', async () => {
    await host.must(
      `node ${checkout}/dist/pm2-guard.cjs install && pm2-guard sudoers --write && rm /usr/bin/sudo /usr/sbin/visudo`,
    );
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
    expect(await host.run('pm2-guard uninstall')).toMatchObject({ status: 0 });
    expect(await host.exists(FILE)).toBe(false);
  });
});
