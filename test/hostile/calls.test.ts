import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `\
default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [shop] }
  pay: { user: bob, apps: [pay] }
  hers: { user: mallory, apps: [herapp] }
  far: { user: dora, home: /srv/far/pm2, apps: [far] }
`;
/** Writes down which user it runs as, and what sudo would allow. */
const SPY = `
const { appendFileSync } = require("fs");
let more = "";
try { more = require("child_process").execSync("sudo -n id -u 2>/dev/null").toString().trim(); } catch {}
appendFileSync("/tmp/ran", process.getuid() + (more === "" ? "" : "+" + more) + " ");
`;
const eco = (app: string, script: string) =>
  `${SPY} module.exports = { apps: [{ name: "${app}", script: "${script}" }] };`;

describeOnHost('calls, and what other users have laid out for them', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['mallory', 'bob', 'dora'] });
    await host.standInSystemctl();
    await host.write('/srv/a.js', 'setInterval(() => {}, 1e6);');
    await host.must('mkdir -p /srv/far /srv/new && chown dora /srv/far && cp /srv/a.js /srv/new/x.js');
    await host.installGuard(CONFIG);
    await host.write('/home/mallory/eco.config.js', eco('herapp', '/srv/a.js'), { owner: 'mallory' });
    await host.write('/var/www/html/myapp/eco.config.js', eco('shop', '/srv/a.js'), { owner: 'www-data' });
    await host.must('chmod 755 /home/mallory');
  });
  beforeEach(() =>
    host.must('rm -f /tmp/ran; install -m 666 /dev/null /tmp/ran; sysctl -q fs.protected_regular=0 || true'),
  );
  afterAll(() => host.dispose());
  const ranAs = async () => [...new Set((await host.read('/tmp/ran')).split(' ').filter((word) => word !== ''))];
  const uid = (name: string) => String(host.account(name).uid);
  // As a login shell has it.
  const DEPLOY = { user: 'deploy', cwd: '/', env: { PATH: '/usr/local/lib/pm2-guard/bin:/usr/bin:/bin' } };
  const FILE = '/var/www/html/myapp/eco.config.js';

  it("the target's process file runs as the target, not as an operator with more rights", async () => {
    const line = `sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 stop ${FILE}`;
    expect(await host.must('command -v sudo', DEPLOY)).toMatch(/^\/usr\/local\//);
    await host.run(line, DEPLOY);
    expect(await ranAs()).toEqual(['33']);
  });

  it.each([
    `pm2 stop ${FILE}`,
    `pm2-guard explain -- pm2 stop ${FILE}`,
    `pm2-guard explain --as www-data -- pm2 stop ${FILE}`,
    `pm2-guard explain -- sudo -u www-data pm2 stop ${FILE}`,
    `pm2 guard-verify start ${FILE}`,
  ])('an operator who types %s evaluates nothing of it', async (line) => {
    await host.run(line, DEPLOY);
    const ran = await ranAs();
    expect(ran.filter((who) => who !== '33')).toEqual([]);
  });

  it.each(['stop', 'start', 'restart', 'delete'])(
    "root's pm2 %s of a user's file runs it as that user",
    async (command) => {
      await host.run(`pm2 ${command} /home/mallory/eco.config.js`, { cwd: '/' });
      expect(await ranAs()).toEqual([uid('mallory')]);
      await host.run('pm2 kill', { user: 'mallory', cwd: '/' });
    },
  );

  it("root's call about a file that others can replace evaluates it as no user", async () => {
    await host.must('install -d -m 777 /srv/shared');
    await host.write('/srv/shared/eco.config.js', eco('unknown', '/srv/a.js'), { owner: 'www-data' });
    await host.run('pm2 stop /srv/shared/eco.config.js', { cwd: '/' });
    expect(await ranAs()).toEqual([]);
  });

  it.each(['explain -- pm2 stop', 'explain --as www-data -- pm2 start', 'lint'])(
    "root's pm2-guard %s of a user's file runs it as no one",
    async (words) => {
      await host.run(`pm2-guard ${words} /home/mallory/eco.config.js`, { cwd: '/' });
      expect(await ranAs()).toEqual([]);
    },
  );

  it("root's secrets are not in the environment of a daemon that root's call spawns", async () => {
    const env = {
      VAULT_TOKEN: 'secret-1',
      AWS_SECRET_ACCESS_KEY: 'secret-2',
      MYSQL_PWD: 'secret-3',
      SHOP_INTERNAL: 'secret-4',
    };
    await host.must('pm2 list', { cwd: '/', env });
    const [daemon] = host.daemons().filter(({ uid: owner }) => owner === 33);
    expect(daemon).toBeDefined();
    const all = await host.must('cat /proc/[0-9]*/environ', { user: 'www-data' }).catch(() => '');
    const environments = await host.run('for p in $(pgrep -u www-data); do cat /proc/$p/environ; done', { cwd: '/' });
    expect(`${all}${environments.stdout}`).toContain('PM2_HOME=/var/www/.pm2');
    expect(`${all}${environments.stdout}`).not.toContain('secret-');
  });

  it("root's pm2 startup makes and changes nothing through links in a PM2_HOME", async () => {
    const owner = { user: 'dora', cwd: '/srv/far' };
    await host.must('mkdir pm2 && cd pm2 && echo 1 > touch', owner);
    for (const name of ['module_conf.json', 'modules', 'logs', 'pids', 'pm2.log', 'rpc.sock', 'agent.json5'])
      await host.must(`ln -s /etc/made-by-${name} pm2/${name}`, owner);
    await host.run('pm2 startup systemd -u dora --hp /srv/far', { cwd: '/' });
    await host.run('pm2 startup systemd', { cwd: '/', env: { PM2_HOME: '/srv/far/pm2' } });
    await host.run('pm2 unstartup systemd', { cwd: '/', env: { PM2_HOME: '/srv/far/pm2' } });
    expect(await host.must('ls /etc | grep made-by || true')).toBe('');
    expect((await host.tree('/srv/far')).filter(({ owner: name }) => name !== 'dora')).toEqual([]);
  });

  it("what a declared daemon says it runs draws no new app of root's there", async () => {
    const bob = { user: 'bob', cwd: '/home/bob' };
    await host.must('/usr/bin/pm2 start /srv/new/x.js --name newapp && /usr/bin/pm2 save', bob);
    const { stdout } = await host.run('pm2-guard explain --json -- pm2 start /srv/new/x.js --name newapp', {
      cwd: '/',
    });
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'rewrite', user: 'www-data' });
    // A call about what runs already may go there.
    const running = await host.run('pm2-guard explain --json -- pm2 restart newapp', { cwd: '/' });
    expect(JSON.parse(running.stdout)).toMatchObject({ verdict: 'rewrite', user: 'bob' });
    await host.must('/usr/bin/pm2 kill', bob);
  });

  it('only root can change the compiled code that root keeps, after a call of any user', async () => {
    await host.must('pm2 jlist', { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' }, cwd: '/' });
    await host.must('pm2 jlist', { cwd: '/' });
    const kept = await host.tree('/var/cache/pm2-guard');
    expect(kept.length).toBeGreaterThan(1);
    expect(kept.filter(({ owner, mode }) => owner !== 'root' || (parseInt(mode, 8) & 0o022) !== 0)).toEqual([]);
  });
});
