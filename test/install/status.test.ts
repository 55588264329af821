import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import type { Status } from '../../src/install/status.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost('pm2-guard status', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.must(
      `rm -rf /etc/pm2-guard /var/lib/pm2-guard && mkdir /srv/release && cp -r ${checkout}/install.sh ` +
        `${checkout}/shims ${checkout}/dist /srv/release`,
    );
  });
  afterAll(() => host.dispose());
  const config = 'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n  ops: { user: ops }\n';
  const asked = async (options = {}): Promise<Status & { exit: number | null }> => {
    const { stdout, status } = await host.run('pm2-guard status --json', options);
    return { ...(JSON.parse(stdout) as Status), exit: status };
  };

  it('says that nothing is installed', async () => {
    expect(await host.run('node /srv/release/dist/pm2-guard.cjs status')).toMatchObject({
      status: 1,
      stdout: containing('problem: pm2-guard is not installed on this host; run:  sudo ./install.sh'),
    });
  });

  it('tells versions, config, daemons and ways', async () => {
    await host.write('/etc/pm2-guard/config.yaml', config);
    await host.must('/srv/release/install.sh');
    await host.must('pm2 ping', { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' } });
    const found = await asked();
    expect(found).toMatchObject({
      exit: 0,
      problems: [],
      installed: found.version,
      pm2: { path: '/usr/lib/node_modules/pm2/bin/pm2', version: '7.0.4' },
      node: '/usr/bin/node',
      config: { state: 'valid', file: '/etc/pm2-guard/config.yaml' },
      compiled: { fresh: true },
    });
    expect(found.daemons.map(({ name, socket }) => `${name} ${socket}`).sort()).toEqual(['ops down', 'web live']);
    expect(found.ways.map(({ way, finds }) => `${way}: ${finds?.type ?? 'unknown'}`)).toEqual([
      'login shell: shim',
      'sudo: shim',
      'ssh, bash: shim',
      'ssh, zsh: shim',
      'ssh, fish: shim',
      'ssh, sh: shim',
      'cron job: other',
    ]);
  });

  it('tells every user what that user may know, and changes nothing', async () => {
    await host.must('touch /etc/pm2-guard/config.yaml');
    // fish makes its directories wherever HOME says, for root in a home that is none, too.
    const everything = () =>
      host.must(
        'stat -c %y /var/lib/pm2-guard/policy.json; find /etc /usr /var /root /home /opt /srv /tmp /run -path ' +
          '/usr/src -prune -o -newer /etc/pm2-guard/config.yaml -print | sort; ls -A /',
        { timeoutMs: 120_000 },
      );
    const before = await everything();
    expect(await asked({ user: 'alice' })).toMatchObject({
      exit: 0,
      compiled: { fresh: false },
      ways: expect.arrayContaining([
        expect.objectContaining({ way: 'sudo', finds: null, note: containing('root only') }),
      ]) as unknown,
    });
    expect(await asked()).toMatchObject({ exit: 0, compiled: { fresh: false } });
    expect(await everything()).toBe(before);
  });

  it('says that the last good policy holds', async () => {
    await host.write('/etc/pm2-guard/config.yaml', 'default: [\n');
    expect(await asked()).toMatchObject({
      exit: 1,
      config: { state: 'last good' },
      problems: [containing('/etc/pm2-guard/config.yaml:')],
    });
    await host.write('/etc/pm2-guard/config.yaml', config);
  });

  it('takes PATH from /etc/environment for ssh commands, as pam_env does', async () => {
    await host.write('/etc/environment', 'LANG=C\nPATH="/usr/bin:/bin"\n');
    expect(await asked()).toMatchObject({
      exit: 1,
      problems: ['layer environment: /etc/environment is not as install would leave it; run:  sudo pm2-guard install'],
      ways: expect.arrayContaining([
        {
          way: 'ssh, sh',
          path: '/usr/bin:/bin',
          finds: { type: 'other', path: '/usr/bin/pm2' },
          note: null,
          ours: false,
        },
      ]) as unknown,
    });
    await host.must('rm /etc/environment');
  });

  it('sees that the real pm2 or the node is gone', async () => {
    await host.must('mv /usr/lib/node_modules/pm2 /srv/pm2');
    expect(await asked()).toMatchObject({ exit: 1, pm2: null, problems: [containing('there is no pm2 on this host')] });
    await host.must('mv /srv/pm2 /usr/lib/node_modules/pm2 && ln -sfn /nowhere /usr/local/lib/pm2-guard/node');
    expect(await asked()).toMatchObject({ exit: 1, node: null, problems: [containing('leads nowhere')] });
  });
});
