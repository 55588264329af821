import { afterEach, describe, expect, it } from 'vitest';
import { vanishing } from '../../src/host/processes/vanishing.ts';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = 'daemons:\n  system: { user: root }\n';

describe('an upgrade removes', () => {
  it.each([
    ['/snap/node/9000/bin/node', 'snap refreshes node', ['/snap/node/current/bin/node']],
    ['/snap/node/x1/bin/node', 'snap refreshes node', ['/snap/node/current/bin/node']],
    ['/root/.nvm/versions/node/v22.11.0/bin/node', 'nvm removes', []],
    ['/usr/local/nvm/versions/node/v20.1.0/lib/node_modules/pm2/bin/pm2', 'nvm removes', []],
    ['/home/bo/.local/share/fnm/node-versions/v22.1.0/installation/bin/node', 'fnm removes', []],
    ['/opt/asdf/installs/nodejs/22.1.0/bin/node', 'asdf removes', []],
    ['/opt/node/22.1.0/bin/node', 'is probably removed when this version is replaced', []],
    ['/root/.asdf/installs/nodejs/22.1.0/bin/node', 'asdf removes', []],
    ['/root/.local/share/mise/installs/node/22.1.0/bin/node', 'mise removes', []],
    ['/root/.nodenv/versions/22.1.0/bin/node', 'nodenv removes', []],
    ['/root/.volta/tools/image/node/22.1.0/bin/node', 'volta removes', []],
    ['/usr/local/n/versions/node/22.1.0/bin/node', 'n removes', []],
    [
      '/nix/store/abc-nodejs-22/bin/node',
      'Nix removes',
      ['/run/current-system/sw/bin/node', '/nix/var/nix/profiles/default/bin/node'],
    ],
    [
      '/home/linuxbrew/.linuxbrew/Cellar/node/22.1.0/bin/node',
      'Homebrew removes',
      ['/home/linuxbrew/.linuxbrew/opt/node/bin/node'],
    ],
  ])('%s', (file, why, stays) => {
    expect(vanishing(file)).toMatchObject({ why: containing(why), stays });
  });
  it.each([
    '/usr/bin/node',
    '/usr/local/bin/node',
    '/opt/plesk/node/22/bin/node',
    '/opt/node-v22.1.0-linux-x64/bin/node',
  ])('not %s', (file) => {
    expect(vanishing(file)).toBeNull();
  });
});

describeOnHost('a node that an upgrade removes', () => {
  let host: Host;
  const NODE = '/usr/local/lib/pm2-guard/node';
  const setUp = async (): Promise<void> => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must(
      'mkdir -p /snap/node/9000/bin && cp -L /usr/bin/node /snap/node/9000/bin/node && ln -s 9000 /snap/node/current',
    );
  };
  const installWith = (node: string) => host.run(`${node} ${checkout}/dist/pm2-guard.cjs install`);
  const doctor = async () => {
    const { stdout } = await host.run('pm2-guard doctor --json', { timeoutMs: 60_000 });
    const { findings } = JSON.parse(stdout) as { findings: { code: string; evidence: string[]; repair: string[] }[] };
    return findings.filter(({ code }) => code === 'PD504');
  };
  afterEach(() => host.dispose());

  it('is not recorded where the system has another one', async () => {
    await setUp();
    const { status, stdout } = await installWith('/snap/node/9000/bin/node');
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: containing('/usr/bin/node') });
    expect(stdout).not.toContain('warning');
    expect(await host.must(`readlink ${NODE}`)).toBe('/usr/bin/node\n');
    await host.must('rm -r /snap/node');
    expect(await host.run('pm2 ping')).toMatchObject({ status: 0 });
  });

  it('is recorded by the link that snap moves, and a refresh changes nothing', async () => {
    await setUp();
    await host.must('mv /usr/bin/node /srv/node');
    expect(await installWith('/snap/node/9000/bin/node')).toMatchObject({ status: 0 });
    expect(await host.must(`readlink ${NODE}`)).toBe('/snap/node/current/bin/node\n');
    expect(await doctor()).toEqual([]);
    await host.must(
      'cp -r /snap/node/9000 /snap/node/9001 && ln -sfn 9001 /snap/node/current && rm -r /snap/node/9000',
    );
    expect(await host.run('pm2 ping')).toMatchObject({ status: 0 });
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
  });

  it('is recorded with a warning where there is no other; doctor says so until there is one', async () => {
    await setUp();
    const old = '/root/.nvm/versions/node/v22.1.0/bin/node';
    await host.must(
      `mkdir -p /root/.nvm/versions/node/v22.1.0/bin && mv /snap/node/9000/bin/node ${old} && mv /usr/bin/node ` +
        '/srv/node',
    );
    const { status, stdout } = await installWith(old);
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: containing(`warning: ${old}, the node of root's calls, is removed`),
    });
    expect(await doctor()).toMatchObject([{ evidence: [`${old} is removed when nvm removes this version`] }]);
    await host.must('cp /srv/node /usr/bin/node && pm2-guard install');
    expect(await doctor()).toEqual([]);
    expect(await host.must(`readlink ${NODE}`)).toBe('/usr/bin/node\n');
  });

  it('that is gone is told by doctor, and by the call itself, with what to type', async () => {
    await setUp();
    const old = '/root/.nvm/versions/node/v22.1.0/bin/node';
    await host.must(`mkdir -p ${old.replace(/\/node$/, '')} && mv /usr/bin/node ${old}`);
    await installWith(old);
    await host.must(`mv ${old} /srv/node`);
    const { status, stderr } = await host.run('sudo pm2 jlist', { user: 'deploy' });
    expect({ status, stderr }).toMatchObject({
      status: 127,
      stderr: containing('unguarded:  /snap/node/current/bin/node /usr/lib/node_modules/pm2/bin/pm2\n'),
    });
    await host.must('cp /srv/node /usr/bin/node');
    expect(await doctor()).toMatchObject([
      { evidence: [`${old} is not there`], repair: [['sudo', 'pm2-guard', 'install']] },
    ]);
    await host.must('sudo pm2-guard install', { user: 'deploy' });
    expect(await doctor()).toEqual([]);
  });

  it('that the config pins and is gone is told, too', async () => {
    await setUp();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG.replace('root', 'root, node: /snap/node/9000/bin/node'));
    await installWith('/usr/bin/node');
    expect(await doctor()).toEqual([]);
    await host.must('rm -r /snap/node');
    expect(await doctor()).toMatchObject([{ evidence: ['/snap/node/9000/bin/node is not there'] }]);
  });
});
