import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `\
default: web
daemons:
  web: {user: www-data, home: /var/www/.pm2, apps: [myapp, both], paths: [/var/www/html], operators: [deploy]}
  ops: {user: ops, apps: [backup, both]}
`;
interface Explained {
  verdict: string;
  code: string;
  message: string[];
  warnings: string[];
  daemon: string | null;
}

/** What the guard did, read from what can be seen of a call. */
function outcome({ status, stderr }: { status: number | null; stderr: string }): string {
  if (status === 126) return `block ${/PG\d+/.exec(stderr)?.[0] ?? '?'}`;
  return stderr.includes('pm2-guard: rewritten') ? 'rewrite' : 'pass';
}
const inWords = ({ verdict, code }: Explained) => (verdict === 'block' ? `block ${code}` : verdict);

/** Rows of the verdict table, in an order in which none spoils the next. `sudo` is the real one, typed by deploy. */
const CALLS: [user: string, env: Record<string, string>, line: string][] = [
  ...[
    'list',
    'logs --nostream --lines 1',
    'describe nosuch',
    'restart nosuch',
    'save',
    'reload all',
    '-v',
    'examples',
  ].flatMap((line): [string, Record<string, string>, string][] => [
    ['ops', {}, `pm2 ${line}`],
    ['ops', { HOME: '/tmp' }, `pm2 ${line}`],
    ['root', {}, `pm2 ${line}`],
    ['deploy', {}, `pm2 ${line}`],
    ['root', { PM2_HOME: '/home/bob/.pm2' }, `pm2 ${line}`],
    ['deploy', {}, `sudo pm2 ${line}`],
    ['alice', {}, `pm2 ${line}`],
  ]),
  ...['kill', 'stop all', 'delete 0', 'flush', 'delete /x/', 'stop nosuch', 'cleardump'].flatMap(
    (line): [string, Record<string, string>, string][] => [
      ['ops', { HOME: '/tmp' }, `pm2 ${line}`],
      ['root', {}, `pm2 ${line}`],
      ['deploy', {}, `pm2 ${line}`],
      ['root', { PM2_HOME: '/srv/x' }, `pm2 ${line}`],
      ['deploy', {}, `sudo pm2 ${line}`],
      ['alice', {}, `pm2 ${line}`],
    ],
  ),
  ['root', {}, 'pm2 restart myapp'],
  ['deploy', {}, 'sudo pm2 restart myapp'],
  ['deploy', {}, 'pm2 restart myapp'],
  ['www-data', {}, 'pm2 restart myapp'],
  ['www-data', {}, 'pm2 restart backup'],
  ['ops', {}, 'pm2 restart myapp'],
  ['root', {}, 'pm2 restart myapp backup'],
  ['root', {}, 'pm2 restart both'],
  ['root', {}, 'PM2_GUARD=off pm2 ping'],
  ['deploy', {}, 'sudo PM2_GUARD=off pm2 jlist'],
  ['root', {}, 'pm2 start /srv/app.js --name x --uid alice'],
  ['root', {}, 'pm2 startup systemd -u alice --hp /home/alice'],
  ['root', {}, 'pm2 unstartup'],
  ['root', {}, 'pm2 describe pm2-guard-verify-x'],
];

for (const stray of [false, true]) {
  describeOnHost(
    `explain and the guard say the same, ${stray ? 'with strays of root and deploy' : 'without strays'}`,
    () => {
      let host: Host;
      beforeAll(async () => {
        host = await createHost({ users: ['bob'] });
        await host.write('/srv/app.js', 'setInterval(() => {}, 1e6)');
        await host.installGuard(CONFIG);
        await host.must('pm2 start /srv/app.js --name myapp', {
          user: 'www-data',
          env: { PM2_HOME: '/var/www/.pm2' },
          cwd: '/',
        });
        await host.must('pm2 start /srv/app.js --name backup', { user: 'ops', cwd: '/' });
        await host.must('PM2_GUARD=off pm2 ping', { user: 'bob' });
        if (!stray) return;
        for (const user of ['root', 'deploy'])
          await host.must('PM2_GUARD=off pm2 start /srv/app.js --name old', { user, cwd: '/' });
      });
      afterAll(() => host.dispose());

      it.each(CALLS)('%s %j %s', async (user, env, line) => {
        const options = {
          user,
          env: { ...env, ...(user === 'www-data' ? { PM2_HOME: '/var/www/.pm2' } : {}) },
          cwd: '/',
        };
        const { stdout } = await host.run(`pm2-guard explain --json -- ${line}`, options);
        const explained = JSON.parse(stdout) as Explained;
        const done = await host.run(line, options);
        // Only root and the caller can look into /root: who explains `sudo pm2 ...` is told so.
        const cannotLook =
          line.startsWith('sudo') && explained.warnings.some((warning) => warning.includes('cannot be seen'));
        if (cannotLook) expect(['pass', 'rewrite', 'block']).toContain(explained.verdict);
        else expect(inWords(explained)).toBe(outcome(done));
        if (!cannotLook && done.status === 126) expect(`${explained.message.join('\n')}\n`).toBe(done.stderr);
      });
    },
  );
}

describeOnHost('explain', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('writes nothing, for root too', async () => {
    await host.must('rm -f /var/lib/pm2-guard/policy.json');
    await host.must('pm2-guard explain -- pm2 restart myapp; pm2-guard explain -- pm2 kill');
    const kept = ['/var/lib/pm2-guard/policy.json', '/root/.pm2', '/home/ops/.pm2'];
    expect(await Promise.all(kept.map((path) => host.exists(path)))).toEqual(kept.map(() => false));
    expect(host.daemons()).toEqual([]);
  });

  it('tells root what an operator is told who is one by the primary group', async () => {
    const grouped = CONFIG.replace('operators: [deploy]', 'operators: ["%deployers"]');
    await host.must('groupadd deployers; useradd --create-home --gid deployers dora');
    await host.write('/etc/pm2-guard/config.yaml', grouped);
    const done = await host.run('pm2 restart myapp', { user: 'dora' });
    expect(done.stderr).toContain('The config names dora as an operator.');
    const { stdout } = await host.run('pm2-guard explain --as dora -- pm2 restart myapp');
    expect(stdout).toContain('The config names dora as an operator.');
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });

  it('runs no code of others, and says that it did not look', async () => {
    const file =
      'require("fs").writeFileSync("/tmp/ran-" + process.getuid(), ""); module.exports = { apps: [{ name: ' +
      '"backup", script: "/srv/a.js" }] };';
    await host.write('/home/alice/eco.config.js', file, { owner: 'alice' });
    for (const user of ['root', 'deploy', 'www-data']) {
      await host.must('chmod 755 /home/alice');
      const { stdout } = await host.run('pm2-guard explain -- pm2 stop /home/alice/eco.config.js', { user });
      expect(stdout).toContain('eco.config.js is code, and explain runs none');
    }
    await host.run('pm2-guard explain -- sudo -u www-data pm2 stop /home/alice/eco.config.js', { user: 'deploy' });
    expect((await host.tree('/tmp')).filter(({ path }) => path.includes('ran-'))).toEqual([]);
  });

  it('says what another user would be told', async () => {
    const { stdout } = await host.run('pm2-guard explain --as alice --json -- pm2 restart myapp');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'block', code: 'PG101' });
    const unknown = await host.run('pm2-guard explain --as deploy --json -- pm2 restart myapp', { user: 'alice' });
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      verdict: 'rewrite',
      warnings: [expect.stringContaining('whether sudo lets deploy become www-data') as string],
    });
  });

  it('judges a pinned pm2 of another major once more, by its own grammar', async () => {
    await using two = await createHost({ pm2: '7.0.4' });
    await two.must(
      'mkdir -p /opt/old && cp -a /usr/src/pm2-guard/.cache/pm2/5.4.3/lib /opt/old/ && chown -R root: /opt/old',
    );
    await two.installGuard(
      CONFIG.replace('apps: [myapp, both]', 'pm2: /opt/old/lib/node_modules/pm2/bin/pm2, apps: [myapp, both]'),
    );
    // `serve --ftp` is PM2 7's alone: PM2 5 refuses the option.
    const line = 'pm2 serve /var/www/html 8080 --name myapp --ftp';
    const { stdout } = await two.run(`pm2-guard explain --json -- ${line}`);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'pass',
      code: 'PG005',
      exec: [expect.stringContaining('/opt/old/') as string, ...line.split(' ').slice(1)],
    });
  });
});
