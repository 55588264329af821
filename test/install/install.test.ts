import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host, type HostOptions } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';

const repository = join(import.meta.dirname, '../..');
/** A built checkout without its sources, so that nothing is built. */
const release = '/srv/release';
const script = `${release}/install.sh`;
const command = `node ${release}/dist/pm2-guard.cjs`;
const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost('install.sh and pm2-guard install', () => {
  let host: Host;
  const fresh = async (options: HostOptions = {}): Promise<Host> => {
    host = await createHost(options);
    await host.must('rm -rf /etc/pm2-guard /var/lib/pm2-guard /var/cache/pm2-guard'); // of the machine below, if any
    await host.must(`mkdir ${release} && cp -r ${checkout}/install.sh ${checkout}/shims ${checkout}/dist ${release}`);
    return host;
  };
  afterEach(() => host.dispose());

  it('installs all files so that only root can change them', async () => {
    await fresh();
    const result = await host.run(script);
    expect(result).toMatchObject({
      status: 0,
      stdout: containing('real pm2   /usr/lib/node_modules/pm2/bin/pm2  (7.0.4)'),
    });
    expect(result.stdout).toContain('next:');
    const files = await host.tree('/usr/local/lib/pm2-guard');
    const built = (directory: string) =>
      readdirSync(join(repository, directory)).filter(
        (name) => !name.startsWith('.') && name !== 'THIRD-PARTY-LICENSES',
      );
    expect(
      files
        .map(({ path }) =>
          path
            .slice('/usr/local/lib/pm2-guard'.length)
            .replace(/^\/0\.1\.0-[0-9a-f]{8}/, '/R')
            .replace(/\.\d.+\.code$/, '.V8.code'),
        )
        .sort(),
    ).toEqual(
      [
        '',
        '/bin',
        '/directories',
        '/install.json',
        '/node',
        '/share',
        '/R',
        '/R/package.json',
        '/R/load-policy.V8.code',
        '/R/pm2.V8.code',
        '/R/pm2-guard.V8.code',
        '/R/sudo.V8.code',
        '/R/bin',
        ...built('shims').map((name) => `/R/bin/${name}`),
        ...built('dist').map((name) => `/R/${name}`),
        ...built('dist/share').map((name) => `/R/share/${name}`),
      ].sort(),
    );
    expect(
      files.filter(
        ({ owner, group, type, mode }) =>
          owner !== 'root' || group !== 'root' || (type !== 'l' && !['644', '755'].includes(mode)),
      ),
    ).toEqual([]);
    expect(JSON.parse(await host.read('/usr/local/lib/pm2-guard/install.json'))).toMatchObject({
      pm2: '/usr/lib/node_modules/pm2/bin/pm2',
      pm2Version: '7.0.4',
      node: '/usr/bin/node',
    });
    expect(await host.tree('/var/lib/pm2-guard')).toMatchObject([
      { mode: '755', owner: 'root' },
      { path: '/var/lib/pm2-guard/no-sudo.json', mode: '644', owner: 'root' },
      { path: '/var/lib/pm2-guard/policy.json', mode: '644', owner: 'root' },
    ]);
    expect(await host.tree('/var/cache/pm2-guard')).toMatchObject([
      { mode: '755', owner: 'root' },
      { path: '/var/cache/pm2-guard/usr-lib-node_modules-pm2,usr-bin-node', mode: '644', owner: 'root' },
    ]);
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0, stderr: '' });
  });

  it('prepares each pm2 and node of the config; removes unused ones and user directories of old versions', async () => {
    await fresh();
    const config = (pins: string) => `default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2${pins} }\n`;
    await host.must(
      `mkdir -p /opt/node/bin /opt/pinned && cp -L /usr/bin/node /opt/node/bin && cp -r ${host.pm2Package} /opt/pinned`,
    );
    await host.must(
      'mkdir -p /var/cache/pm2-guard; cd /var/cache/pm2-guard; install -d -o www-data -m 700 33 33/v22; install -d ' +
        '-o 4321 -m 700 4321 4321/v22; mkdir 0; touch 33/v22/a 4321/v22/a 0/a .home-x',
    );
    await host.must('chown www-data /var/cache/pm2-guard/33/v22/a');
    await host.write('/etc/pm2-guard/config.yaml', config(', node: /opt/node/bin/node, pm2: /opt/pinned/pm2/bin/pm2'));
    await host.must(script);
    const kept = async () =>
      (await host.tree('/var/cache/pm2-guard'))
        .slice(1)
        .map(({ path, mode, owner }) => `${path.slice('/var/cache/pm2-guard/'.length)} ${mode} ${owner}`);
    expect(await kept()).toEqual([
      'opt-pinned-pm2,opt-node-bin-node 644 root',
      'opt-pinned-pm2,usr-bin-node 644 root',
      'usr-lib-node_modules-pm2,opt-node-bin-node 644 root',
      'usr-lib-node_modules-pm2,usr-bin-node 644 root',
    ]);
    const { prepared } = JSON.parse(await host.must('pm2-guard status --json')) as { prepared: { state: string }[] };
    expect(prepared.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready', 'ready']);
    await host.must('touch /opt/pinned/pm2/constants.js');
    expect(await host.must('pm2-guard status')).toMatch(
      /start +\/opt\/pinned\/pm2 by \/usr\/bin\/node {2}\(changed since/,
    );
    await host.write('/etc/pm2-guard/config.yaml', config(''));
    await host.must(script);
    expect(await kept()).toEqual(['usr-lib-node_modules-pm2,usr-bin-node 644 root']);
  });

  it.each([
    ['a full disk', 'mount -t tmpfs -o size=8k tmpfs /var/cache/pm2-guard'],
    ['a read-only one', 'mount -t tmpfs -o ro tmpfs /var/cache/pm2-guard'],
    ['a pm2 that does not start', 'echo "throw new Error(1)" > /usr/lib/node_modules/pm2/lib/Common.js'],
    ['a pm2 that hangs', 'echo "for (;;);" > /usr/lib/node_modules/pm2/lib/Common.js'],
  ])(
    'nothing can be prepared, %s: it installs all the same',
    async (_, obstacle) => {
      await fresh();
      await host.must(`mkdir -p /var/cache/pm2-guard; ${obstacle}`);
      const { status, stdout } = await host.run(`${command} install`, { timeoutMs: 60_000 });
      expect({ status, stdout }).toMatchObject({ status: 0, stdout: containing('next:') });
      expect((await host.run('pm2-guard status')).status).toBe(0);
      expect((await host.tree('/var/cache/pm2-guard')).filter(({ path }) => path.includes('.home'))).toEqual([]);
    },
    90_000,
  );

  it.each(['/usr', '/usr/local'] as const)(
    'prefix %s: login shells and sudo find the shim, twice changes nothing, uninstall leaves nothing',
    async (prefix) => {
      await fresh({ prefix });
      const before = await snapshot(host);
      await host.must(script);
      expect(await host.must('sudo sh -c "command -v pm2"', { user: 'deploy' })).toBe('/usr/local/sbin/pm2\n');
      expect(await host.must('command -v pm2', { user: 'alice', login: true })).toBe(
        '/usr/local/lib/pm2-guard/bin/pm2\n',
      );
      expect(await host.must('readlink /usr/local/bin/pm2')).toBe(
        prefix === '/usr' ? '/usr/local/lib/pm2-guard/bin/pm2\n' : '../lib/node_modules/pm2/bin/pm2\n',
      );
      expect(await host.exists('/etc/sudoers.d/pm2-guard')).toBe(false); // not needed
      await host.must('visudo -c');

      const installed = await snapshot(host, { times: true });
      for (const again of [script, 'pm2-guard install', script]) {
        expect((await host.run(again)).status).toBe(0);
        expect(difference(installed, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
      }

      const config = await host.read('/etc/pm2-guard/config.yaml');
      expect(await host.run('pm2-guard uninstall')).toMatchObject({
        status: 0,
        stdout: containing('/etc/pm2-guard (the config'),
      });
      const left = difference(before, await snapshot(host));
      expect(left.gone).toEqual([]);
      expect(left.new.map((line) => line.replace(/^[0-9a-f]{64} /, 'digest '))).toEqual(
        expect.arrayContaining([
          '/etc/pm2-guard d 755 0:0 ',
          '/etc/pm2-guard/config.yaml f 644 0:0 ',
          'digest  /etc/pm2-guard/config.yaml',
        ]),
      );
      expect(left.new).toHaveLength(3);
      expect(await host.read('/etc/pm2-guard/config.yaml')).toBe(config);
      await host.must(`visudo -c && ${command} uninstall --purge`);
      expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
    },
  );

  it('says where ssh commands still find the real pm2', async () => {
    await fresh({ prefix: '/usr/local' });
    expect(await host.run(script)).toMatchObject({
      status: 0,
      stdout: containing('/usr/local/bin/pm2  (is a pm2 already'),
    });
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 0,
      stdout: containing('ssh, sh      NOT guarded: /usr/local/bin/pm2 comes first'),
    });
  });

  it('changes nothing in a dry run, and tells the same as the real one does', async () => {
    await fresh({ prefix: '/usr/local' });
    const before = await snapshot(host, { times: true });
    // Which users a policy names is known when there is one.
    const dry = JSON.parse(await host.must(`${script} --dry-run --json`)) as {
      changes: { path: string; outcome: string }[];
    };
    expect(difference(before, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
    const real = JSON.parse(await host.must(`${script} --json`)) as typeof dry;
    const made = ({ changes }: typeof dry) =>
      changes
        .filter(({ outcome }) => outcome === 'created')
        .map(({ path }) => path)
        .sort();
    expect(made(real).filter((path) => !path.endsWith('.code'))).toEqual(
      [
        ...made(dry),
        '/var/lib/pm2-guard/policy.json',
        '/var/cache/pm2-guard/usr-local-lib-node_modules-pm2,usr-bin-node',
      ].sort(),
    );
    const installed = await snapshot(host, { times: true });
    expect(await host.run('pm2-guard uninstall --dry-run')).toMatchObject({
      status: 0,
      stdout: containing('would remove'),
    });
    expect(difference(installed, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
  });

  it('upgrades in place: repairs damaged files, removes old ones; a process keeps the file it has open', async () => {
    await fresh();
    await host.must(script);
    const now = await snapshot(host);
    await host.must(
      [
        'cd /usr/local/lib/pm2-guard',
        'echo old > bin/../pm2.cjs',
        'chmod 600 bin/../pm2.cjs',
        'chown alice bin/pm2',
        'echo old > bin/../retired.cjs',
        'echo old > bin/pm2-old',
        'echo old > pm2.cjs',
        'mkdir retired && echo old > retired/file',
        'cp -r 0.1.0-* 0.0.1-0123abcd',
        'sed -i s/0.1.0/0.0.1/ install.json',
        'ln -sfn /nowhere node',
        'rm bin/pm2-guard',
      ].join(' && '),
    );
    expect(await host.must(`exec 3< /usr/local/lib/pm2-guard/bin/../pm2.cjs; ${script} > /dev/null; cat <&3`)).toBe(
      'old\n',
    );
    const changed = async () => {
      const { gone, new: fresh_ } = difference(now, await snapshot(host));
      // V8's form of it is made anew
      const others = (lines: string[]) => lines.filter((line) => !line.endsWith('.code'));
      return {
        gone: others(gone),
        new: others(fresh_).map((line) => line.replace(/^[0-9a-f]{64} {2}/, '').replace(/ .*/, '')),
      };
    };
    // A release may be in use by a call that began a moment ago, and goes with the next install.
    const old = await changed();
    expect(old).toEqual({
      gone: [],
      new: expect.arrayContaining(['/usr/local/lib/pm2-guard/0.0.1-0123abcd/pm2.cjs']) as string[],
    });
    expect(old.new.filter((path) => !path.startsWith('/usr/local/lib/pm2-guard/0.0.1-0123abcd'))).toEqual([]);
    await host.must(
      'touch -h -d "2 minutes ago" /usr/local/lib/pm2-guard/bin /usr/local/lib/pm2-guard/0.0.1-* && pm2-guard install',
    );
    expect(await changed()).toEqual({ gone: [], new: [] });
    // A copy of ours that is no link, as cp -rL makes it.
    await host.must(`cd /usr/local/lib/pm2-guard && cp -rL bin bin2 && rm bin && mv bin2 bin && ${script}`);
    expect(await changed()).toEqual({ gone: [], new: [] });
  });

  it("keeps V8's form of a bundle, which counts for that very file only", async () => {
    await fresh();
    await host.must(script);
    const library = (await host.must('readlink -f /usr/local/lib/pm2-guard/bin/..')).trim();
    const each = (script: string) => host.must(`for code in ${library}/*.code; do ${script} || exit; done`);
    await host.write('/etc/pm2-guard/config.yaml', 'daemons:\n  system: { user: root }\n');
    const works = async () => {
      for (const call of ['pm2 ping', 'pm2-guard --version', 'pm2-guard --sudo /usr/bin/sudo unknown pm2 ping'])
        expect(await host.run(call, { cwd: '/' })).toMatchObject({ status: 0, stderr: '' });
    };
    await works();
    // A form of another bundle, a damaged one, an empty one: as if there were none.
    await each('sed -i 1s/^/1/ $code');
    await works();
    await each('head -n 1 $code | sed s/^1// > /tmp/key && { cat /tmp/key; head -c 5000 /dev/urandom; } > $code');
    await works();
    await each(': > $code');
    await works();
    // A newer bundle is what runs, not the form of the old one.
    await host.must(script);
    await host.must(`sed -i 's/"use strict";/"use strict";process.exit(42);/' ${library}/pm2.cjs`);
    expect(await host.run('pm2 ping', { cwd: '/' })).toMatchObject({ status: 42 });
  });

  it('rehearses calls for that form, and neither runs nor records one', async () => {
    await fresh();
    await host.must('mv /usr/bin/logger /usr/bin/logger.real');
    await host.write('/usr/bin/logger', '#!/bin/sh\necho "$*" >> /srv/recorded\n', { mode: '755' });
    await host.must(script);
    const warm = 'node warm.cjs "$PWD/pm2.cjs" /srv/rehearsed.code';
    for (const config of [
      'mode: block\ndaemons:\n  web: { user: www-data, apps: [app] }\n',
      'on_error: open\ndaemons: 1\n',
      null,
    ]) {
      await host.must('rm -rf /etc/pm2-guard /var/lib/pm2-guard/policy.json /srv/rehearsed.code');
      if (config !== null) await host.write('/etc/pm2-guard/config.yaml', config);
      await host.must('sleep 0.2'); // a config that is quite new is not kept in any case
      // PM2_GUARD=off would be obeyed for any other name.
      const code = config?.startsWith('mode') === true ? 'PG108' : 'PG301';
      const said = containing(`pm2-guard: blocked (${code}): nothing was run\n`);
      const warmed = await host.run(`cd -P /usr/local/lib/pm2-guard/bin/.. && ${warm}`, { env: { PM2_GUARD: 'off' } });
      expect(warmed).toMatchObject({ status: 0, stdout: '', stderr: said });
      expect(Number(await host.must('stat -c %s /srv/rehearsed.code'))).toBeGreaterThan(30_000);
      expect(await host.exists('/var/lib/pm2-guard/policy.json')).toBe(false);
    }
    expect({ daemons: host.daemons(), recorded: await host.exists('/srv/recorded') }).toEqual({
      daemons: [],
      recorded: false,
    });
  });

  it('never touches a config that is there', async () => {
    await fresh();
    await host.write('/etc/pm2-guard/config.yaml', 'default: [broken\n', { mode: '640' });
    const before = await host.must('stat -c "%y %a" /etc/pm2-guard/config.yaml');
    expect(await host.run(script)).toMatchObject({ status: 1, stdout: containing('/etc/pm2-guard/config.yaml:') });
    expect(await host.must('stat -c "%y %a" /etc/pm2-guard/config.yaml; cat /etc/pm2-guard/config.yaml')).toBe(
      `${before}default: [broken\n`,
    );
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 1, stdout: containing('(unusable)') });
    expect(await host.run('pm2-guard uninstall')).toMatchObject({ status: 0 });
  });

  it('works without sudo', async () => {
    await fresh();
    await host.must('rm /usr/bin/sudo /usr/sbin/visudo');
    expect(await host.run(script)).toMatchObject({ status: 0, stdout: containing('sudo is not installed') });
    expect(await host.exists('/usr/local/lib/pm2-guard/bin/sudo')).toBe(false); // scripts ask for one by its name
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
    expect(await host.run('pm2-guard uninstall')).toMatchObject({ status: 0 });
  });

  it('leaves sudoers alone where they are broken already', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.write('/etc/sudoers.d/broken', 'this is no sudoers\n', { mode: '440' });
    const before = await host.tree('/etc/sudoers.d');
    const { status, stdout } = await host.run(`${script} --without local-sbin`);
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /problem: \/etc\/sudoers\.d\/pm2-guard: left alone because sudoers is not in order: .*broken:1/,
    );
    expect(await host.tree('/etc/sudoers.d')).toEqual(before);
    expect(await host.exists('/usr/local/lib/pm2-guard/bin/pm2')).toBe(true);
  });

  it('takes its drop-in back where it has no effect', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.write('/etc/sudoers.d/zz', 'Defaults secure_path="/usr/local/bin:/usr/bin"\n', { mode: '440' });
    expect(await host.run(`${script} --without local-sbin`)).toMatchObject({
      status: 1,
      stdout: containing('taken back, it has no effect'),
    });
    expect(await host.exists('/etc/sudoers.d/pm2-guard')).toBe(false);
    expect(await host.run('pm2-guard status')).toMatchObject({
      status: 1,
      stdout: containing('problem: sudo: /usr/local/bin/pm2 comes first'),
    });
  });

  it("needs no drop-in where sudo keeps the caller's PATH", async () => {
    await fresh({ prefix: '/usr/local' });
    await host.must('sed -i /secure_path/d /etc/sudoers && visudo -c');
    expect(await host.run(script)).toMatchObject({
      status: 0,
      stdout: containing("sudo searches the caller's own PATH"),
    });
  });

  it('keeps its hands off what is called like ours and is not', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.write('/etc/profile.d/pm2-guard.sh', "# another package's\n");
    await host.write('/etc/sudoers.d/pm2-guard', "# another package's\n", { mode: '440' });
    expect(await host.run(`${script} --without local-sbin`)).toMatchObject({
      status: 1,
      stdout: containing('problem: /etc/profile.d/pm2-guard.sh: is not ours'),
    });
    await host.must('pm2-guard uninstall --purge');
    expect(await host.must('cat /etc/profile.d/pm2-guard.sh /etc/sudoers.d/pm2-guard')).toBe(
      "# another package's\n# another package's\n",
    );
  });

  it('uninstalls what is there of half an installation, and of none', async () => {
    await fresh();
    const before = await snapshot(host);
    expect(await host.run(`${command} uninstall`)).toMatchObject({
      status: 0,
      stdout: containing('nothing of it is installed'),
    });
    await host.must(script);
    await host.must(
      'rm -r /usr/local/lib/pm2-guard/*/*.cjs /usr/local/lib/pm2-guard/install.json /var/lib/pm2-guard ' +
        '/etc/profile.d/pm2-guard.sh',
    );
    expect(await host.run(`${command} uninstall --purge`)).toMatchObject({ status: 0 });
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });

  it('records no pm2 and no node that another user could change', async () => {
    await fresh();
    await host.must(
      'cp -r /usr/lib/node_modules/pm2 /home/alice/pm2 && mkdir /home/alice/bin && ln -s ../pm2/bin/pm2 ' +
        '/home/alice/bin/pm2 && cp /usr/bin/node /home/alice/bin/node && chown -R alice /home/alice',
    );
    await host.must(`/home/alice/bin/node ${release}/dist/pm2-guard.cjs install`, {
      env: { PATH: '/home/alice/bin:/usr/bin:/bin' },
    });
    expect(JSON.parse(await host.read('/usr/local/lib/pm2-guard/install.json'))).toMatchObject({
      pm2: '/usr/lib/node_modules/pm2/bin/pm2',
      node: '/usr/bin/node',
    });
    await host.must('mv /usr/bin/node /opt/node');
    expect(await host.run(`/home/alice/bin/node ${release}/dist/pm2-guard.cjs install`)).toMatchObject({
      status: 1,
      stderr: containing('/home/alice/bin/node cannot be trusted: /home/alice'),
    });
  });

  it('installs nothing where others can write above it', async () => {
    await fresh();
    await host.must('chmod g+w /usr/local/lib');
    const before = await snapshot(host, { times: true });
    expect(await host.run(script)).toMatchObject({
      status: 1,
      stderr: containing('fix:  chmod go-w /usr/local/lib\n'),
    });
    expect(difference(before, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
  });

  it('finds the real pm2 behind decoys in PATH, and never itself', async () => {
    await fresh();
    await host.write('/opt/decoys/pm2', '#!/bin/sh\nexec pm2 "$@"\n', { mode: '755' });
    await host.must(`mkdir /opt/copy && cp ${release}/shims/pm2 /opt/copy/pm2`);
    const env = {
      PATH: '/opt/decoys:/opt/copy:/usr/local/lib/pm2-guard/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    };
    for (let run = 1; run <= 2; run++) {
      await host.must(script, { env });
      expect(JSON.parse(await host.read('/usr/local/lib/pm2-guard/install.json'))).toMatchObject({
        pm2: '/usr/lib/node_modules/pm2/bin/pm2',
      });
    }
  });
});
