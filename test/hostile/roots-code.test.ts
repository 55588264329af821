import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const PACKAGE = '/usr/lib/node_modules/pm2';
const OPS = '/srv/ops/pm2';
const config = (more = '') => `\
default: ops
daemons:
  ops:
    user: root
    home: ${OPS}
${more}  web:
    user: www-data
    home: /var/www/.pm2
    apps: [shop]
`;
/** Shows which user it ran as. */
const MARK = 'require("fs").appendFileSync("/tmp/ran", process.getuid() + ",");';

describeOnHost('root runs no code that others can change', () => {
  let host: Host;
  beforeEach(async () => {
    host = await createHost();
    await host.must('install -d /srv/ops/pm2; install -m 666 /dev/null /tmp/ran');
    await host.write('/srv/a.js', 'setInterval(() => {}, 1e6);');
  });
  afterEach(() => host.dispose());

  const ping = (env: Record<string, string> = {}) => host.run('pm2 ping', { cwd: '/', env });
  const kill = () => host.must(`PM2_HOME=${OPS} pm2 kill`, { cwd: '/' });
  async function expectRefusal(path: string): Promise<void> {
    const { status, stderr } = await ping();
    expect({ status, said: stderr.split('\n').slice(0, 3) }).toEqual({
      status: 126,
      said: [
        'pm2-guard: blocked (PG113): nothing was run',
        expect.stringContaining('"pm2 ping": root'),
        expect.stringContaining(`  ${path} `),
      ],
    });
    expect(await host.read('/tmp/ran')).toBe('');
    expect(host.daemons()).toEqual([]);
  }

  const parts: [what: string, path: string, prepare: string][] = [
    ['a file that only the daemon loads', `${PACKAGE}/lib/God.js`, `chown alice ${PACKAGE}/lib/God.js`],
    ['a directory of what PM2 needs', `${PACKAGE}/node_modules/async`, `chown alice ${PACKAGE}/node_modules/async`],
    [
      'a template of units',
      `${PACKAGE}/lib/templates/init-scripts/systemd.tpl`,
      `chmod g+w ${PACKAGE}/lib/templates/init-scripts/systemd.tpl`,
    ],
    [
      'a package to which a link leads',
      '/home/alice',
      `mv ${PACKAGE}/node_modules/async /home/alice/async && chown -R alice /home/alice/async &&
       ln -s /home/alice/async ${PACKAGE}/node_modules/async`,
    ],
  ];
  it.each(parts)('%s', async (_, path, prepare) => {
    await host.write('/etc/pm2-guard/config.yaml', config());
    await host.must(prepare);
    const { status } = await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs install', { cwd: '/' });
    expect(status).toBe(1);
    await expectRefusal(path);
    await host.must('rm -r /var/cache/pm2-guard');
    await expectRefusal(path);
  });

  it('what others write there runs as root with plain pm2', async () => {
    await host.must(`chown alice ${PACKAGE}/lib/God.js`);
    await host.must(`echo '${MARK}' >> ${PACKAGE}/lib/God.js`, { user: 'alice' });
    await host.must('/usr/bin/pm2 ping', { cwd: '/' });
    expect(await host.read('/tmp/ran')).toMatch(/^(0,)+$/);
  });

  it('what was given to others after install, until it is given back', async () => {
    await host.installGuard(config());
    expect(await ping()).toMatchObject({ status: 0 });
    await kill();
    await host.must(`chown -R alice ${PACKAGE}/node_modules`);
    await expectRefusal(`${PACKAGE}/node_modules`);
    // A call that becomes another user runs it, as plain pm2 does.
    await host.must('install -d -o www-data /var/www/.pm2');
    await host.must('pm2 start /srv/a.js --name shop', { cwd: '/' });
    await host.must('sleep 2; pm2 stop shop', { cwd: '/' });
    expect(host.daemons().map(({ uid }) => uid)).toEqual([33]);
    expect((await ping({ NODE_OPTIONS: '--max-old-space-size=300' })).status).toBe(126);
    await host.must(`chown -R root: ${PACKAGE}`);
    expect((await ping()).status).toBe(0);
  });

  it('a config that cannot be used, with on_error: open and without a last good policy', async () => {
    await host.installGuard(config());
    await host.must(`chown alice ${PACKAGE}/lib/God.js; rm /var/lib/pm2-guard/policy.json`);
    await host.write('/etc/pm2-guard/config.yaml', `on_error: open\nno-such-key: 1\n${config()}`);
    for (const env of [{}, { PM2_GUARD: 'off' }]) {
      const { status, stderr } = await ping(env);
      expect(status).toBe(126);
      expect(stderr).toContain('pm2-guard: blocked (PG113): nothing was run\n  "pm2 ping": root would run ');
      expect(stderr).not.toContain('this is a bug');
    }
    expect(host.daemons()).toEqual([]);
  });

  it('a shim whose bundle is damaged', async () => {
    await host.installGuard(config());
    await host.must(`chown alice ${PACKAGE}/node_modules; rm /usr/local/lib/pm2-guard/bin/../pm2.cjs`);
    expect(await ping()).toMatchObject({ status: 127 });
    await host.must(`chown root ${PACKAGE}/node_modules`);
    expect(await ping()).toMatchObject({ status: 0 });
  });

  it.each(['/srv/nodes/node', '/srv/link/node'])('a node that the config pins: %s', async (node) => {
    await host.must('mkdir /srv/nodes; cp /usr/bin/node /srv/nodes/node; ln -s nodes /srv/link');
    await host.installGuard(config(`    node: ${node}\n`));
    expect(await ping()).toMatchObject({ status: 0 });
    await kill();
    await host.must('chown alice /srv/nodes');
    await host.must(
      'rm /srv/nodes/node; printf "#!/bin/sh\\nid -u >> /tmp/ran\\n" > /srv/nodes/node; chmod 755 /srv/nodes/node',
      { user: 'alice' },
    );
    await expectRefusal('/srv/nodes');
    expect(await host.run('pm2-guard check')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('its node will not be run: /srv/nodes is owned by uid') as string,
    });
  });

  it.each(['chown alice /srv/ops', `chown alice ${OPS}`, `chmod 1777 ${OPS}`, 'chmod g+w /srv'])(
    'a PM2_HOME of root that others can change since the config was compiled: %s',
    async (change) => {
      await host.installGuard(config());
      expect(await ping()).toMatchObject({ status: 0 });
      await kill();
      await host.must(change);
      await expectRefusal(change.split(' ').at(-1) ?? '');
      expect((await host.run('pm2 startup systemd --no-such', { cwd: '/' })).stderr).not.toContain('PG113');
      expect(await host.run('pm2 --version', { cwd: '/' })).toMatchObject({ status: 0 });
    },
  );
});
