import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../host/describe.ts';
import { createHost, type Host } from '../host/host.ts';

const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
    operators: [deploy]
  ops:
    user: ops
    apps: [backup]
`;

/** Alice writes by hand what her calls are decided by (policy/own-compiled.ts). */
describeOnHost('a compiled policy that a user has written by hand', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('touch /etc/pm2-guard/config.yaml; sleep 0.3');
    await host.must('pm2 jlist >/dev/null 2>&1 || true; ls $(echo /tmp/pm2-guard-$(id -u))/policy.json', { user: 'alice' });
    const forge = [
      's/"operators":\\["deploy"\\]/"operators":["alice"]/', 's/"user":"www-data","uid":33,"gid":33/"user":"root","uid":0,"gid":0/',
      's#"home":"/var/www/.pm2"#"home":"/root/.pm2"#', 's/"exempt":\\[\\]/"exempt":["root","deploy","alice"]/',
    ].map((edit) => `-e '${edit}'`).join(' ');
    await host.must(`cd /tmp/pm2-guard-$(id -u) && sed ${forge} policy.json > new && mv new policy.json && chmod 600 policy.json
      grep -q '"user":"root"' policy.json && grep -q '"operators":."alice"' policy.json`, { user: 'alice' });
  });
  afterAll(() => host.dispose());

  it('decides nothing for root, though HOME and all else are alice\'s', async () => {
    const env = { HOME: '/home/alice', XDG_RUNTIME_DIR: '/tmp', TMPDIR: '/tmp', USER: 'alice', LOGNAME: 'alice' };
    const { verdict, daemon } = await explained('root', env);
    expect({ verdict, daemon }).toEqual({ verdict: 'rewrite', daemon: 'web' });
    const { stderr } = await host.run('pm2 restart myapp', { env });
    expect(stderr).toContain('runs as www-data in daemon "web"');
    expect(await host.exists('/root/.pm2')).toBe(false);
  });

  it('nor for another user, nor behind sudo', async () => {
    await host.must('touch /etc/pm2-guard/config.yaml; sleep 0.3');
    const { stderr } = await host.run('pm2 restart myapp', { user: 'deploy' });
    expect(stderr).toContain('runs as www-data in daemon "web"');
    expect(stderr).not.toContain('root');
  });

  it('gives alice no right that sudo does not give', async () => {
    const { status, stderr } = await host.run('pm2 restart myapp', { user: 'alice' });
    expect(status).toBe(126);
    expect(stderr).toContain('nothing was run');
    expect(await host.exists('/root/.pm2')).toBe(false);
  });

  it('goes with uninstall, and so does an unknown user\'s; what else lies there stays', async () => {
    await host.must(`install -d -o 4711 -m 700 /tmp/pm2-guard-4711 /tmp/pm2-guard-4712; touch /tmp/pm2-guard-4711/policy.json
      install -d -o deploy -m 700 /srv/deploy; install -o deploy -m 600 /dev/null /srv/deploy/policy.json
      rm -rf /tmp/pm2-guard-$(id -u deploy); ln -s /srv/deploy /tmp/pm2-guard-$(id -u deploy); chown -h deploy /tmp/pm2-guard-$(id -u deploy)
      install -d -o ops -m 700 /tmp/pm2-guard-$(id -u ops); install -o ops /dev/null /tmp/pm2-guard-$(id -u ops)/other`);
    await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs uninstall');
    const uids = await host.must('id -u ops; id -u deploy');
    const [ops = '', deploy = ''] = uids.trim().split('\n');
    expect((await host.must('ls -d /tmp/pm2-guard-*')).trim().split('\n').sort()).toEqual(
      ['4712', ops, deploy].map((uid) => `/tmp/pm2-guard-${uid}`).sort(),
    );
    expect(await host.exists('/srv/deploy/policy.json')).toBe(true);
  });

  async function explained(user: string, env: Record<string, string>): Promise<{ verdict: string; daemon: string }> {
    return JSON.parse(await host.must('pm2-guard explain --json -- pm2 restart myapp', { user, env })) as { verdict: string; daemon: string };
  }
});
