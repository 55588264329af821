import { afterAll, beforeAll, expect, it } from 'vitest';
import { DOCTOR } from '../doctor/doctor.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { refuseToSwitch } from '../harness/refusing-node.ts';
import { rewritten } from '../harness/said.ts';
import { adopted } from '../adopt/scene.ts';
import { CONFIG, daemonsOn, foreignFiles, OPS, SITE, WEB } from '../traps/twins.ts';

const deploy = { user: 'deploy' };
/** The line of the config that names myapp; that of backup. */
const MYAPP = 6;
const BACKUP = 11;

/** An app that writes down who it is. */
const WHO =
  'const fs = require("fs"); fs.writeFileSync("/tmp/who", JSON.stringify({ umask: process.umask(), env: process.env, ' +
  'cwd: process.cwd(), status: fs.readFileSync("/proc/self/status", "utf8") })); setInterval(() => {}, 1e6);';

interface Who {
  umask: number;
  env: Record<string, string>;
  cwd: string;
  status: string;
}

async function who(host: Host): Promise<Who> {
  await host.must('for i in $(seq 200); do test -s /tmp/who && exit 0; sleep 0.05; done; exit 1');
  const text = await host.read('/tmp/who');
  await host.must('rm /tmp/who');
  return JSON.parse(text) as Who;
}

describeOnHost('a node that does not change users (Debian 13 has one)', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ node: '20' });
    await refuseToSwitch(host);
    await host.must('groupadd shared && usermod -aG shared www-data');
    await host.write('/var/www/html/who.js', WHO);
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  it('is what this host has', async () => {
    const { status, stderr } = await host.run('node -e "process.setuid(33)"');
    expect(status).toBe(1);
    expect(stderr).toContain('setuid() disabled: io_uring may be enabled. See CVE-2024-22017.');
  });

  it('is no fault to install, and status says how root becomes another user', async () => {
    const row = /^user switch +by setpriv {2}\(node 20\.\d+\.\d+, libuv 1\.\d+\.\d+: .*CVE-2024-22017.*\)$/m;
    const root = await host.run('pm2-guard status');
    expect([root.status, root.stdout]).toEqual([0, expect.stringMatching(row)]);
    expect((await host.run('pm2-guard status', { user: 'alice' })).stdout).toMatch(row);
  });

  it("root's call becomes the owner's: ids, groups, capabilities, umask, environment, directory", async () => {
    const started = await host.run(
      'umask 0; NODE_ENV=production SECRET_PATH=/root/key pm2 start who.js --name myapp; exit $?',
      { cwd: '/var/www/html' },
    );
    expect([started.status, started.stderr]).toEqual([0, rewritten('pm2 start who.js --name myapp', MYAPP)]);
    const { umask, env, cwd, status } = await who(host);
    const shared = Number((await host.must('getent group shared | cut -d: -f3')).trim());
    expect(status).toMatch(/^Uid:\t33\t33\t33\t33$/m);
    expect(status).toMatch(/^Gid:\t33\t33\t33\t33$/m);
    expect(status).toMatch(/^CapPrm:\t0+$/m);
    expect(/^Groups:\s*(.*?)\s*$/m.exec(status)?.[1]?.split(' ').map(Number)).toEqual([33, shared]);
    expect([umask, cwd]).toEqual([0o022, '/var/www/html']);
    expect(env).toMatchObject({ NODE_ENV: 'production', HOME: '/var/www', USER: 'www-data', PM2_HOME: WEB });
    expect(
      Object.entries(env).filter(([name, value]) => /^(SUDO_|PM2_GUARD)/.test(name) || /\/root/.test(value)),
    ).toEqual([]);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
  });

  it('statuses, signals, standard input and output are passed on', async () => {
    expect(await host.run('sudo pm2 restart myapp', deploy)).toMatchObject({
      status: 0,
      stderr: rewritten('pm2 restart myapp', MYAPP),
    });
    const gone = await host.run('pm2 restart nothing', { cwd: '/' });
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('Process or Namespace nothing not found')]);
    expect(JSON.parse((await host.run('pm2 jlist', { cwd: '/' })).stdout)).toMatchObject([{ name: 'myapp' }]);
    const input = JSON.stringify({ apps: [{ name: 'shop-1', script: '/var/www/html/who.js', cwd: '/' }] });
    expect((await host.run('pm2 start -', { input, cwd: '/' })).status).toBe(0);
    expect((await host.apps(WEB)).map(({ name, uid }) => `${name} ${uid ?? ''}`)).toContain('shop-1 33');
    const logs = host.start(['pm2', 'logs', '--raw'], { cwd: '/' });
    await logs.seen(/Tailing last/);
    logs.kill('SIGTERM');
    expect(await logs.result()).toMatchObject({ signal: 'SIGTERM' });
    await expect.poll(() => host.processes().filter(({ command }) => / logs --raw/.test(command))).toEqual([]);
  });

  it('a terminal is the terminal of both: Ctrl-C ends pm2, and the status is its own', async () => {
    const terminal = host.tty('pm2 logs', { cwd: '/' });
    await terminal.seen(/Tailing last/);
    terminal.type('\x03');
    const { status, signal } = await terminal.result();
    expect([status, signal]).toEqual([130, null]);
    await expect.poll(() => host.processes().filter(({ command }) => / logs$/.test(command))).toEqual([]);
  });

  it('the config of PM2_GUARD_CONFIG counts in neither process of root by sudo', async () => {
    await host.write('/etc/pm2-guard/other.yaml', 'daemons:\n  other: { user: www-data, home: /srv/other/.pm2 }\n');
    const named = 'PM2_GUARD_CONFIG=/etc/pm2-guard/other.yaml';
    const { status, stderr } = await host.run(`sudo ${named} pm2 restart no-such-app`, { ...deploy, cwd: '/' });
    expect(stderr).not.toContain('blocked');
    expect((await host.run(`sudo ${named} pm2 ping`, { ...deploy, cwd: '/' })).stderr).toContain('rewritten');
    expect(status).not.toBe(126);
  });

  it("a process file is evaluated as its owner, and goes to its apps' daemon", async () => {
    const file =
      'require("fs").appendFileSync("/tmp/evaluated", process.geteuid() + "\\n"); ' +
      'module.exports = { apps: [{ name: "backup", script: "/var/www/html/who.js", cwd: "/" }] };';
    await host.write('/srv/eco.config.js', file, { owner: 'alice' });
    await host.must('touch /tmp/evaluated; chmod 666 /tmp/evaluated');
    await host.must('echo 0 > /proc/sys/fs/protected_regular 2>/dev/null || true');
    const { status, stderr } = await host.run('pm2 start /srv/eco.config.js', { cwd: '/' });
    const into = { user: 'ops', daemon: 'ops', pm2Home: OPS };
    expect([status, stderr]).toEqual([0, rewritten('pm2 start /srv/eco.config.js', BACKUP, into)]);
    const uids = new Set((await host.read('/tmp/evaluated')).trim().split('\n').map(Number));
    expect(uids).toEqual(new Set([host.account('alice').uid, host.account('ops').uid]));
    await host.must('pm2 delete backup', { user: 'ops' });
  });

  it('directories and files that the owner cannot enter are named, and nothing runs', async () => {
    await host.must('mkdir -p /root/site && cp /var/www/html/who.js /root/site && chmod 700 /root');
    const closed = await host.run('pm2 start who.js --name myapp', { cwd: '/root/site' });
    expect(closed.status).toBe(126);
    expect(closed.stderr).toContain('blocked (PG111)');
    expect(closed.stderr).toContain('www-data cannot enter /root/site: /root is closed (mode 0700).');
    const unread = await host.run('pm2 start /root/site/who.js --name myapp --cwd /srv', { cwd: '/srv' });
    expect(unread.status).toBe(126);
    expect(unread.stderr).toContain('blocked (PG116)');
    await host.must('ln -s /root/site /srv/current; ln -s current/who.js /srv/who.js');
    for (const script of ['/srv/current/who.js', '/srv/who.js']) {
      const behindLink = await host.run(`pm2 start ${script} --name myapp`, { cwd: '/srv' });
      expect(behindLink.status).toBe(126);
      expect(behindLink.stderr).toContain(`www-data cannot read ${script}: /root is closed (mode 0700).`);
      expect(behindLink.stderr).toContain('(do not open /root)');
    }
  });

  it('adopt brings an app home', async () => {
    await host.must('pm2 delete all && pm2 save --force', { user: 'www-data', env: { PM2_HOME: WEB } });
    await host.must('PM2_GUARD=off pm2 start server.js --name myapp && PM2_GUARD=off pm2 save', { cwd: SITE });
    expect(await host.apps('/root/.pm2')).toMatchObject([{ name: 'myapp', uid: 0 }]);
    await adopted(host, 'myapp');
    await host.must('PM2_GUARD=off pm2 kill');
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online' }]);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
  });

  it('doctor --fix gives files back and removes what is dead, with no more than the rights of their user', async () => {
    await host.must('pm2 kill', { user: 'ops' });
    await host.must(`touch ${WEB}/dump.pm2; chown root ${WEB}/dump.pm2; chown -R root ${OPS}/logs`);
    await host.must(`touch ${OPS}/dump.pm2.bak; chmod 600 ${OPS}/dump.pm2.bak; chown root ${OPS}/dump.pm2.bak`);
    await host.must(
      `python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('${OPS}/rpc.sock')"; chown ops ` +
        `${OPS}/rpc.sock; echo 99999 > ${OPS}/pm2.pid; chown ops ${OPS}/pm2.pid`,
    );
    const { stdout, stderr, status } = await host.run(`${DOCTOR} --fix --yes --json`, { timeoutMs: 120_000 });
    expect([stderr, status]).toEqual(['', expect.any(Number)]);
    const { done } = JSON.parse(stdout) as { done: { path: string; left: string | null }[] };
    const outcome = new Map(done.map(({ path, left }) => [path, left]));
    for (const path of [`${WEB}/dump.pm2`, `${OPS}/logs`, `${OPS}/rpc.sock`, `${OPS}/pm2.pid`])
      expect([path, outcome.get(path)]).toEqual([path, null]);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    expect((await foreignFiles(host, OPS, 'ops')).map((line) => line.split(' ')[1])).toEqual([`${OPS}/dump.pm2.bak`]);
    expect(outcome.get(`${OPS}/dump.pm2.bak`)).toContain('may not read it: it may hold secrets of root');
    expect(await host.exists(`${OPS}/rpc.sock`)).toBe(false);
  });

  it('seal works on a package of a user, and lint reads the files of the users', async () => {
    const prefix = '/home/ops/.npm-global/lib/node_modules';
    await host.must(
      `mkdir -p ${prefix} && cp -r /usr/lib/node_modules/pm2 ${prefix} && chown -R ops: /home/ops/.npm-global`,
    );
    const sealed = await host.run('pm2-guard seal --user ops');
    expect([sealed.status, sealed.stdout]).toEqual([0, expect.stringContaining('sealed')]);
    expect(await host.read(`${prefix}/pm2/bin/pm2`)).toContain('pm2-guard-shim-door');
    expect((await host.tree(`${prefix}/pm2/bin`)).filter(({ owner }) => owner !== 'ops')).toEqual([]);
    expect((await host.run('pm2-guard unseal --user ops')).status).toBe(0);
    expect(await host.read(`${prefix}/pm2/bin/pm2`)).not.toContain('pm2-guard-shim-door');
    await host.write('/home/ops/deploy.sh', '#!/bin/sh\nsudo -u www-data pm2 restart backup\n', {
      owner: 'ops',
      mode: '700',
    });
    const linted = await host.run('pm2-guard lint --host --json', { timeoutMs: 120_000 });
    const { findings } = JSON.parse(linted.stdout) as { findings: { file: string }[] };
    expect(findings.map(({ file }) => file)).toContain('/home/ops/deploy.sh');
  });

  it('without setpriv sudo does it, and without either the call is blocked with what to install', async () => {
    await host.must('mv /usr/bin/setpriv /usr/bin/setpriv-aside');
    expect(await host.run('pm2 ping', { cwd: '/' })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("{ msg: 'pong' }\n") as string,
      stderr: rewritten('pm2 ping', null),
    });
    expect((await host.run('pm2-guard status')).stdout).toMatch(/^user switch +by sudo {2}\(/m);
    await host.must('mv /usr/bin/sudo /usr/bin/sudo-aside');
    const { status, stdout, stderr } = await host.run('pm2 ping', { cwd: '/' });
    expect([status, stdout]).toEqual([126, '']);
    expect(stderr).toMatch(/^pm2-guard: blocked \(PG110\): nothing was run$/m);
    expect(stderr).toMatch(/^ {2}fix: +install util-linux, which has setpriv/m);
    const said = await host.run('pm2-guard status');
    expect([said.status, said.stdout]).toEqual([1, expect.stringMatching(/^user switch +NOT AT ALL {2}\(/m)]);
    await host.must('mv /usr/bin/setpriv-aside /usr/bin/setpriv; mv /usr/bin/sudo-aside /usr/bin/sudo');
  });
});
