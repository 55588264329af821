import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host, type HostOptions } from '../harness/host.ts';
import { joined } from '../regex.ts';

/** A built checkout without its sources, so that nothing is built. */
const release = '/srv/release';
const script = `${release}/install.sh`;
const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost("a newcomer's first hour", () => {
  let host: Host;
  const fresh = async (options: HostOptions = {}): Promise<void> => {
    host = await createHost(options);
    await host.must(`mkdir ${release} && cp -r ${checkout}/install.sh ${checkout}/shims ${checkout}/dist ${release}`);
  };
  afterEach(() => host.dispose());

  it('install says little, and what matters last; --verbose names every file', async () => {
    await fresh();
    const { status, stdout } = await host.run(script);
    expect(status).toBe(0);
    expect(stdout.split('\n').length).toBeLessThan(25);
    expect(stdout).toMatch(
      /\n {2}config +\/etc\/pm2-guard\/config\.yaml {2}\(drafted .*\n {2}files +\d+ created, 2 updated/,
    );
    expect(stdout).toMatch(
      /gap: a cron job: \/usr\/bin\/pm2 comes first\n {2}run: {2}sudo pm2-guard install --seal .*\n\nnext: /,
    );
    expect(await host.must('rm /usr/local/sbin/pm2; pm2-guard install')).toContain('files      1 created, ');
    expect(await host.must('rm /usr/local/sbin/pm2; pm2-guard install --verbose')).toContain(
      'created    /usr/local/sbin/pm2',
    );
    const sealed = await host.run(`${script} --seal`);
    expect(sealed.stdout).not.toContain('gap:');
    expect(sealed.stderr).toMatch(/pm2-guard: covered: all \d+ ways lead to the guard[^\n]*\n$/);
  });

  it("says in the last line that shells without startup files find npm's link first, and what covers it", async () => {
    await fresh({ prefix: '/usr/local' });
    const { status, stdout, stderr } = await host.run(script);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: containing('gap: a shell that reads no startup file'),
    });
    expect(stderr).toMatch(
      joined(
        /\npm2-guard: 1 gap: shells that read no startup file find \/usr\/local\/bin\/pm2 first /,
        /\(covers them: sudo pm2-guard install --seal\)/,
      ),
    );
    await host.must('pm2-guard install --seal');
    expect(await host.must('pm2-guard install')).not.toContain('gap:');
  });

  it('sudo pm2 that finds another pm2 fails the installation', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.write('/etc/sudoers.d/zz', 'Defaults secure_path="/usr/local/bin:/usr/bin"\n', { mode: '440' });
    const { status, stdout } = await host.run(script);
    expect(status).toBe(1);
    expect(stdout).toContain('gap: sudo: /usr/local/bin/pm2 comes first');
  });

  it('install, check and doctor name a PM2_HOME that its user cannot make, and the line that makes it', async () => {
    await fresh();
    const line = 'sudo install -d -o www-data -g www-data -m 0755 /var/www/.pm2';
    await host.must('rm -rf /var/www/.pm2');
    const told =
      'warning: daemon "web" cannot start: www-data cannot make its PM2_HOME /var/www/.pm2, ' +
      `for /var/www belongs to root\n  fix:  ${line}\n`;
    expect(await host.run(script)).toMatchObject({ status: 0, stdout: containing(told) });
    expect(await host.run('pm2-guard check', { user: 'alice' })).toMatchObject({ status: 0, stdout: containing(told) });
    const found = async () =>
      (
        JSON.parse((await host.run('pm2-guard doctor --json')).stdout) as {
          findings: { code: string; repair: string[] }[];
        }
      ).findings;
    expect(await found()).toMatchObject([{ code: 'PD316', repair: [line.split(' ')] }]);
    await host.must(line, { user: 'deploy' });
    expect(await found()).toEqual([]);
    expect(await host.must('pm2-guard check')).not.toContain('warning');
    expect(await host.run('sudo pm2 ping', { user: 'deploy', cwd: '/' })).toMatchObject({ status: 0 });
  });

  it('gives root the files of the pm2 that it installs, where npm leaves them to other uids', async () => {
    await fresh({ pm2: null });
    const place = '/usr/local/lib/node_modules';
    // Without a network. npm 9 unpacks as the archive says: files of uid 1000, 501 and 503.
    await host.write(
      '/opt/npm/npm',
      `#!/bin/sh
if [ "$*" = "root -g" ]; then echo ${place}; exit; fi
mkdir -p ${place}/other && cp -r ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ${place}/ &&
ln -s ../lib/node_modules/pm2/bin/pm2 /usr/local/bin/pm2
chown -hR 501:20 ${place}/pm2/node_modules/amp ${place}/other && chown alice ${place}/pm2/package.json
`,
      { mode: '755' },
    );
    const env = { PATH: '/opt/npm:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
    expect(await host.run(script, { env, timeoutMs: 60_000 })).toMatchObject({ status: 0 });
    expect(await host.must(`find ${place}/pm2 ! -uid 0 -o ! -gid 0`)).toBe('');
    expect(await host.must(`stat -c %u ${place}/other`)).toBe('501\n');
  });

  it('tells of a source that others can change, and not of one whose group is root alone', async () => {
    await fresh();
    await host.must(`chmod -R g+w ${release}`);
    expect(await host.must(script)).not.toContain('copied from');
    await host.must(`chgrp deploy ${release}/shims`);
    expect(await host.must(script)).toMatch(
      joined(
        /copied from what others than root can change: /,
        /\/srv\/release\/shims is writable by its group .*; the copy is root's alone/,
      ),
    );
  });

  it("follows pnpm's script to the pm2 behind it", async () => {
    await fresh({ pm2: null });
    const place = '/usr/local/share/pnpm/global/5/node_modules';
    await host.must(`mkdir -p ${place} && cp -r ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ${place}/`);
    const text =
      '#!/bin/sh\nbasedir=$(dirname "$(echo "$0" | sed -e \'s,\\\\,/,g\')")\n' +
      'exec node  "$basedir/../share/pnpm/global/5/node_modules/pm2/bin/pm2" "$@"\n';
    await host.write('/usr/local/bin/pm2', text, { mode: '755' });
    expect(await host.run(`node ${release}/dist/pm2-guard.cjs install`)).toMatchObject({
      status: 0,
      stdout: containing(`real pm2   ${place}/pm2/bin/pm2  (7.0.4)`),
    });
    await host.must('chmod 777 /usr/local/share/pnpm/global'); // root runs it no more, nor what its script names
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 1,
      stdout: containing('will not be run as root'),
    });
  });

  it.each([
    [
      'the parent is missing',
      'deploy, home: /srv/panel/deploy/.pm2',
      ':',
      'sudo install -d -m 0755 /srv/panel && sudo install -d -m 0755 /srv/panel/deploy && ' +
        'sudo install -d -o deploy -g deploy -m 0755 /srv/panel/deploy/.pm2',
    ],
    [
      "a home directory that is missing is its user's",
      'ops',
      'rm -r /home/ops',
      'sudo install -d -o ops -g ops -m 0755 /home/ops && sudo install -d -o ops -g ops -m 0755 /home/ops/.pm2',
    ],
    [
      'it lies where another user decides',
      'ops, home: /srv/hers/x/.pm2',
      'install -d -o alice /srv/hers',
      / for \/srv\/hers belongs to uid \d+\n(?! +fix)/,
    ],
    [
      'it lies in a directory that is closed to its user',
      'ops, home: /home/alice/x/.pm2',
      ':',
      / for \/home\/alice is closed to ops \(mode 0700\)\n(?! +fix)/,
    ],
    [
      'its user may write by a group',
      'ops, home: /srv/shared/.pm2',
      'install -d -g www-data -m 0775 /srv/shared; gpasswd -a ops www-data',
      '',
    ],
    ['it is there', 'ops', 'install -d -o ops /home/ops/.pm2', ''],
    ["it is root's", 'root', ':', ''],
  ])('%s', async (_, daemon, prepare, fix) => {
    await fresh();
    await host.write('/etc/pm2-guard/config.yaml', `daemons:\n  one: { user: ${daemon} }\n`);
    await host.must(`(${prepare}) > /dev/null`);
    const { stdout } = await host.run(`node ${release}/dist/pm2-guard.cjs check`);
    if (fix === '') expect(stdout).not.toContain('warning');
    else if (typeof fix !== 'string') expect(stdout).toMatch(fix);
    else {
      expect(stdout).toContain(`  fix:  ${fix}\n`);
      await host.must(fix);
      expect(await host.must(`node ${release}/dist/pm2-guard.cjs check`)).not.toContain('warning');
    }
  });
});
