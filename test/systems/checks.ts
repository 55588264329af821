import { expect } from 'vitest';
import { checkout, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { appsIn, daemonsOn, foreignFiles, SITE, WEB } from '../traps/twins.ts';
import type { Tried } from './table.ts';

const ROOT = '/root/.pm2';
/** alice may use sudo for nothing else. The line of myapp is the sixth. */
const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp]
    paths: [/var/www/html]
    operators: [alice]
  ops:
    user: ops
    apps: [backup]
`;
const MYAPP = 6;
const start = `start npm --name myapp --cwd ${SITE} -- start`;
const deploy = { user: 'deploy' };
const owner = { user: 'www-data', env: { PM2_HOME: WEB } };
const ended = (status: number, stderr: unknown = '') => ({ status, stderr });
const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

/** PM2 5 makes a new node print warnings beside it. */
const saying = (text: string): string => expect.stringContaining(text) as string;

/** The app, as its user, once, with a number of restarts that PM2 may have raised itself. */
async function isHome(host: Host): Promise<void> {
  expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', uid: 33, status: 'online' }]);
  expect((await host.exists(ROOT)) ? await appsIn(host, ROOT) : []).toEqual([]);
  expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
}

/** How often PM2 has started it, which a call that reached it raises. */
const restarts = async (host: Host): Promise<number> => (await host.apps(WEB))[0]?.restarts ?? -1;

/** That a call restarts the app in its own daemon. */
async function restarted(host: Host, call: () => Promise<unknown>): Promise<void> {
  const before = await restarts(host);
  await call();
  expect(await restarts(host)).toBeGreaterThan(before);
  await isHome(host);
}

/** The trap of the README, without the guard. A sudo whose secure_path does not have npm's prefix is given the path. */
export async function fallIn(host: Host): Promise<void> {
  const { status } = await host.run('sudo sh -c "command -v pm2"', deploy);
  const pm2 = status === 0 ? 'pm2' : `${host.options.prefix ?? '/usr'}/bin/pm2`;
  await host.must(`sudo ${pm2} ${start}`, deploy);
  expect(daemonsOn(host)).toEqual(['root /root/.pm2']);
  // From / as an administrator would not: PM2 cannot spawn a daemon in a home directory that its user may not enter.
  const restart = await host.run(`sudo -u www-data ${pm2} restart myapp`, { ...deploy, cwd: '/' });
  expect(restart).toMatchObject(ended(1, matching(/Process or Namespace myapp not found/)));
  expect(await host.apps(ROOT)).toMatchObject([{ name: 'myapp', uid: 0, status: 'online' }]);
  expect(await appsIn(host, WEB)).toEqual([]);
}

/** Where a check before this one has failed, this one starts from the same place all the same. */
export async function bringHome(host: Host): Promise<void> {
  if ((await host.apps(WEB)).map(({ name, status }) => `${name} ${status}`).join() === 'myapp online') return;
  const pm2 = `${host.pm2Package}/bin/pm2`;
  for (const user of ['root', 'www-data']) await host.run(`${pm2} kill`, { user, cwd: '/' });
  await host.must(`${pm2} ${start}`, { ...owner, cwd: '/' });
}

/** What is tried in each cell, in this order: a host with the stray of `fallIn` in the first. */
export const checks: Record<Tried, (host: Host) => Promise<void>> = {
  async install(host) {
    // As install.sh, once it has built.
    expect(await host.run(`node ${checkout}/dist/pm2-guard.cjs install`)).toMatchObject({ status: 0 });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    expect(await host.run('pm2-guard check')).toMatchObject(ended(0));
    const { stdout } = await host.run('pm2-guard status');
    expect(stdout).not.toMatch(/NOT DONE|missing|not used \(/);
    expect(await host.run('sudo pm2-guard --version', deploy)).toMatchObject(ended(0));
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject(ended(0));
  },

  async doctor(host) {
    await host.write(`${WEB}/dump.pm2.bak`, '[]');
    const found = async () => {
      const { stdout } = await host.run('pm2-guard doctor --json');
      return (JSON.parse(stdout) as { findings: { code: string }[] }).findings.map(({ code }) => code);
    };
    expect(await found()).toEqual(expect.arrayContaining(['PD201', 'PD303']));
    expect((await host.run('pm2-guard doctor --fix --yes')).stdout).toContain(
      `PD303  ${WEB}/dump.pm2.bak: give to www-data`,
    );
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    expect(await found()).not.toContain('PD303');
    // As its user, without root: closed home directories are none of its business.
    for (const user of ['www-data', 'deploy']) {
      const { status, stderr } = await host.run('pm2-guard doctor', { user, cwd: '/' });
      expect({ status, stderr }).not.toMatchObject({ status: 70 });
      expect(stderr).not.toMatch(/this is a bug|EACCES/);
    }
  },

  async adopt(host) {
    const { status, stdout, stderr } = await host.run('pm2-guard adopt --yes myapp', { timeoutMs: 100_000 });
    expect(`${stdout}${stderr}exit ${status ?? 'none'}`).toMatch(/myapp: moved to web[^]*exit 0$/);
    await host.must('PM2_GUARD=off pm2 kill'); // root's own daemon is empty now
    await isHome(host);
    expect(JSON.parse(await host.read(`${WEB}/dump.pm2`))).toMatchObject([{ name: 'myapp' }]);
  },

  async story(host) {
    await host.must('pm2 delete myapp', owner);
    const started = await host.run(`sudo NODE_ENV=production pm2 ${start}`, deploy);
    expect(started).toMatchObject(ended(0, saying(rewritten(`pm2 ${start}`, MYAPP))));
    await isHome(host);
    const [app] = await host.apps(WEB);
    expect(app?.env).toMatchObject({ NODE_ENV: 'production', HOME: '/var/www', USER: 'www-data', PM2_HOME: WEB });
    const strange = Object.entries(app?.env ?? {}).filter(
      ([name, value]) => /^(SUDO_|PM2_GUARD)/.test(name) || /deploy|\/root/.test(value),
    );
    expect(strange).toEqual([]);
    await restarted(host, () => host.must('sudo -u www-data pm2 restart myapp', { ...deploy, cwd: '/' }));
    await restarted(host, () => host.must('sudo pm2 restart myapp', deploy));
    const saved = await host.run('sudo pm2 save', deploy);
    expect(saved).toMatchObject(ended(0, saying(rewritten('pm2 save', null))));
  },

  async traps(host) {
    // T15, T17 to T20: a PM2_HOME or HOME of another user, exported or kept by sudo -E.
    const env = { PM2_HOME: '/home/ops/.pm2' };
    await restarted(host, () => host.must('pm2 restart myapp', { env }));
    // By the shim's path: npm's prefix /usr/local comes first in a PATH that no login shell has set.
    const shim = '/usr/local/lib/pm2-guard/bin/pm2';
    await restarted(host, () => host.must(`${shim} restart myapp`, { ...owner, env: { HOME: undefined } }));
    if (host.options.sudo === 'classic')
      await restarted(host, () => host.must('sudo -E pm2 restart myapp', { ...deploy, env }));
    // T05: root's cron job.
    await restarted(host, () =>
      host.must(`pm2 restart myapp || pm2 start ${SITE}/server.js --name myapp`, { cwd: '/' }),
    );
    // T03: a page of another user's asks for the list.
    const asked = await host.run(`PM2_HOME=${WEB} pm2 jlist`, { user: 'ops', login: true });
    expect(asked).toMatchObject({ status: 126, stdout: '' });
    // T33 to T35: what ends everything is asked for, and nothing ended.
    for (const call of ['sudo pm2 kill', 'sudo pm2 delete all']) {
      expect(await host.run(call, deploy)).toMatchObject({
        status: 126,
        stderr: matching(/^pm2-guard: blocked \(PG109\)/),
      });
    }
    await isHome(host);
    expect(daemonsOn(host)).toEqual([`www-data ${WEB}`]);
  },

  async operators(host) {
    // A login: with npm's prefix /usr/local the guard is first in the PATH of shells, until it is sealed.
    const alice = { user: 'alice', login: true };
    await restarted(host, () => host.must('FLAVOUR=mint pm2 restart myapp --update-env', alice));
    // The daemon is down, and the caller stands in a directory that www-data cannot enter.
    await host.must('pm2 save && pm2 kill', owner);
    await host.must('pm2 resurrect', alice);
    await expect.poll(() => appsIn(host, WEB)).toEqual(['myapp']);
    expect(await host.run('pm2 restart myapp', { ...alice, user: 'ops' })).toMatchObject(
      ended(126, matching(/^pm2-guard: blocked/)),
    );
    expect(await host.run('sudo -n pm2 list', { user: 'ops' })).not.toMatchObject({ status: 0 });
    await isHome(host);
  },

  async 'process files'(host) {
    const file = '/var/www/html/shop/ecosystem.config.js';
    const code = `require('fs').writeFileSync('/tmp/evaluated-' + process.getuid(), '');
module.exports = { apps: [{ name: 'shop', script: '${SITE}/server.js', env: { PORT: 3001 } }] };\n`;
    await host.write(file, code, { owner: 'www-data' });
    await host.must('chown www-data: /var/www/html/shop; rm -f /tmp/evaluated-*');
    await host.must('sudo pm2 start ecosystem.config.js', { ...deploy, cwd: '/var/www/html/shop' });
    expect(await host.apps(WEB)).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'shop', uid: 33 })]));
    expect(await host.must('ls /tmp | grep evaluated')).toBe('evaluated-33\n');
    await host.must('sudo pm2 delete ecosystem.config.js', { ...deploy, cwd: '/var/www/html/shop' });
    await isHome(host);
  },

  async 'ways in'(host) {
    // Whichever prefix npm has, there is a PATH that has it before the guard: cron's, or that of calls by ssh.
    const before = await host.run('pm2-guard verify', { timeoutMs: 100_000 });
    if (before.status !== 0) {
      expect(before.stdout).toContain('run:  sudo pm2-guard seal\n');
      await host.must('pm2-guard seal');
    }
    const { status, stdout } = await host.run('pm2-guard verify', { timeoutMs: 100_000 });
    expect(`${stdout}exit ${status ?? 'none'}`).toMatch(/\ncovered: all \d+ ways lead to the guard[^\n]*\nexit 0$/);
    await restarted(host, () => host.must(`${host.pm2Package}/bin/pm2 restart myapp`, { ...owner, cwd: '/' }));
  },

  async uninstall(host) {
    await host.must('pm2-guard uninstall');
    const left = await host.must(
      'find /etc /usr/local /var /root /home /opt -name "*pm2-guard*" -not -path "/usr/src/*" | sort',
    );
    expect(left.trim().split('\n')).toEqual(['/etc/pm2-guard']);
    expect(await host.run('pm2 restart myapp', { ...owner, cwd: '/' })).toMatchObject(ended(0));
    expect(await host.run('sudo -n id -un', deploy)).toMatchObject({ status: 0, stdout: 'root\n' });
  },
};
