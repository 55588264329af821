import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = `\
default: web
daemons:
  web: {user: www-data, home: /var/www/.pm2, apps: [myapp], operators: [deploy]}
  ops: {user: ops, apps: [backup]}
`;
const PROJECT =
  'module.exports = { apps: [], deploy: { production: { user: "x", host: "app1.example", ref: "origin/main", repo: ' +
  '"r", path: "/tmp/x" } } };';
/** What needs no daemon, in a project of the caller's own. */
const LINES = [
  '-v',
  '--version',
  '--silent --version -- x',
  '--silent -v -- x',
  '--help',
  'restart --help',
  'examples',
  'init simple',
  'ecosystem',
  'deploy ecosystem.config.js production exec true',
  'package .',
  'nonsense',
  'completion',
];

for (const [pm2, users] of [
  ['5.4.3', ['root', 'alice']],
  ['6.0.14', ['root', 'deploy']],
  ['7.0.4', ['root', 'deploy', 'alice']],
] as const) {
  describeOnHost(`commands that need no daemon, PM2 ${pm2}`, () => {
    let plain: Host;
    let guarded: Host;
    beforeAll(async () => {
      [plain, guarded] = await Promise.all([createHost({ pm2 }), createHost({ pm2 })]);
      await guarded.installGuard(CONFIG);
      // The banner of a new PM2_HOME is no part of an answer.
      for (const user of users) await plain.must('pm2 ping', { user });
    });
    afterAll(() => Promise.all([plain.dispose(), guarded.dispose()]));

    const homeOf = (user: string) => (user === 'root' ? '/root' : `/home/${user}`);
    const type = async (host: Host, user: string, line: string) => {
      const cwd = `${homeOf(user)}/project`;
      await host.must(`rm -rf ${cwd} && mkdir ${cwd} && chmod 700 ${homeOf(user)}`, { user });
      if (line.startsWith('deploy')) await host.write(`${cwd}/ecosystem.config.js`, PROJECT, { owner: user });
      const { status, stdout } = await host.run(`pm2 ${line}`, { user, cwd });
      const left = (await host.tree(cwd)).map(
        ({ path, owner, type: kind }) => `${owner} ${kind} ${path.slice(cwd.length)}`,
      );
      return { status, stdout, left };
    };

    for (const user of users) {
      it.each(LINES)(
        `${user}: %s does what plain pm2 does, in the caller's directory, and leaves no daemon`,
        async (line) => {
          const [expected, got] = await Promise.all([type(plain, user, line), type(guarded, user, line)]);
          expect(got).toEqual({
            ...expected,
            left: expected.left.map((entry) => entry.replace(/\S+\.tar\.gz$/, (name) => name)),
          });
          expect(guarded.daemons()).toEqual([]);
          expect(await guarded.exists(`${homeOf(user)}/.pm2`)).toBe(false);
          expect((await guarded.tree('/tmp')).filter(({ path }) => path.includes('pm2-guard-'))).toEqual([]);
        },
      );
    }

    it('plain pm2 spawns a daemon for its version', async () => {
      await plain.must('pm2 -v', { user: 'ops' });
      expect(plain.daemons().some(({ home }) => home === '/home/ops/.pm2')).toBe(true);
    });

    it("installs completion into the caller's own startup file", async () => {
      await guarded.must('touch ~/.bashrc; SHELL=/bin/bash pm2 completion install', { user: 'deploy' });
      expect(await guarded.read('/home/deploy/.bashrc')).toContain('pm2');
      expect(guarded.daemons()).toEqual([]);
    });

    it("hands deploy's commands an environment without anything of ours", async () => {
      // For localhost PM2 uses no ssh.
      const project = PROJECT.replace('localhost', 'server.example');
      await guarded.write('/home/deploy/project/ecosystem.config.js', project, { owner: 'deploy' });
      await guarded.write('/home/deploy/bin/ssh', '#!/bin/sh\nenv > /home/deploy/seen\n', {
        owner: 'deploy',
        mode: '755',
      });
      await guarded.run('PATH=/home/deploy/bin:$PATH pm2 deploy ecosystem.config.js production exec true', {
        user: 'deploy',
        cwd: '/home/deploy/project',
      });
      const seen = await guarded.read('/home/deploy/seen');
      expect(
        seen.split('\n').filter((entry) => /pm2-guard|PM2_HOME|OVER_HOME|PM2_DAEMON|PM2_PROGRAMMATIC/i.test(entry)),
      ).toEqual([]);
    });
  });
}

describeOnHost('TAB', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
    await host.must('pm2 start "sleep 1000" --name shop-live', {
      user: 'www-data',
      env: { PM2_HOME: '/var/www/.pm2' },
      cwd: '/',
    });
    await host.write('/etc/sudoers.d/log', 'Defaults logfile=/var/log/sudo.log\n', { mode: '440' });
  });
  afterAll(() => host.dispose());
  const tab = (user: string, line: string) =>
    host.run('pm2 completion -- $LINE', {
      user,
      timeoutMs: 5000,
      env: { LINE: line, COMP_CWORD: '2', COMP_LINE: line, COMP_POINT: String(line.length) },
    });

  it.each([
    ['root', 'myapp\n'],
    ['www-data', 'myapp\n'],
    ['deploy', 'myapp\n'],
    ['alice', ''],
  ])('%s: names of apps that the caller reaches', async (user, names) => {
    expect(await tab(user, 'pm2 restart my')).toMatchObject({ status: 0, stdout: names, stderr: '' });
  });
  it('a living app that no rule names', async () => {
    expect((await tab('www-data', 'pm2 logs shop')).stdout).toBe('shop-live\n');
    expect((await tab('root', 'pm2 logs shop')).stdout).toBe('shop-live\n');
  });
  it('commands and options', async () => {
    expect((await tab('deploy', 'pm2 rel')).stdout).toBe('reload\nreloadLogs\n');
    expect((await tab('deploy', 'pm2 start --na')).stdout).toContain('--name');
  });
  it('asks sudo nothing and records nothing', async () => {
    expect(await host.exists('/var/log/sudo.log')).toBe(false);
    expect(host.daemons()).toHaveLength(1);
  });
});
