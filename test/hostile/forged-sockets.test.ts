import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { claimedDaemonSockets, daemonSockets } from '../../src/host/daemons/sockets.ts';
import { findings } from '../doctor/doctor.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import type { Running } from '../harness/running.ts';
import { bringLiar, end, GUARD, lie, socketsOf } from './mallory.ts';

interface Drafted {
  default?: string;
  daemons: Record<string, { user: string; home: string }>;
}

const line = (inode: number, path: string, flags = '00010000') =>
  `0000000000000000: 00000002 00000000 ${flags} 0001 01 ${inode} ${path}`;
const paths = (...lines: string[]) => daemonSockets([lines.join('\n')]).map(({ path }) => path);

it('a line of the kernel counts where its shape is right and its inode is the only one', () => {
  expect(paths(line(1, '/a/rpc.sock'), line(2, '/b/rpc.sock'))).toEqual(['/a/rpc.sock', '/b/rpc.sock']);
  expect(paths(line(1, '@x'), line(1, '/a/rpc.sock'))).toEqual([]);
  expect(paths(line(1, '/a/rpc.sock'), line(1, '/b/rpc.sock'))).toEqual([]);
  expect(paths('1: 2 0 10000 1 1 7 /a/rpc.sock', ` ${line(3, '/b/rpc.sock')}`, line(4, '/c\r/rpc.sock'))).toEqual([]);
  expect(daemonSockets([line(1, '/a/rpc.sock'), line(1, '/b/rpc.sock')])).toEqual([]); // in two tables
  expect(claimedDaemonSockets([line(8, '/a/rpc.sock')], new Set(['8']))).toMatchObject([{ ambiguous: true }]);
});

describeOnHost('lines that a user forges in /proc/net/unix', () => {
  let host: Host;
  const liars: Running[] = [];
  const lies = async (user: string, ...words: string[]) => {
    liars.push(await lie(host, user, ...words));
  };
  const drafted = async () => parse(await host.must(`${GUARD} init`)) as Drafted;
  const kills = async () =>
    (await findings(host)).flatMap(({ repair }) => repair).filter((words) => words.includes('kill'));
  const pidOf = (pattern: RegExp) => host.processes().find(({ command }) => pattern.test(command))?.pid ?? 0;
  beforeAll(async () => {
    host = await createHost({ users: ['mallory'] });
    await bringLiar(host);
  });
  afterEach(async () => {
    for (const liar of liars.splice(0)) await end(liar);
    await host.must('rm -rf /home/mallory/.pm2');
  });
  afterAll(() => host.dispose());

  /** A service of root's in node, with sockets of several families. */
  const serve = async () => {
    const script = `const net = require('net');
      net.createServer().listen('/run/service.sock'); net.createServer().listen(4100);
      require('dgram').createSocket('udp4').bind(4101); require('dgram').createSocket('udp6');
      setInterval(() => {}, 1e6);`;
    await host.must('rm -f /run/service.sock');
    await host.write('/srv/service.js', script);
    liars.push(host.start(['/usr/bin/node', '/srv/service.js'], { timeoutMs: 600_000 }));
    await expect.poll(() => host.exists('/run/service.sock')).toBe(true);
    return pidOf(/service\.js/);
  };

  it("make no daemon of root's, no default and no pid to kill, whatever socket of root's they name", async () => {
    const pid = await serve();
    await lies('mallory', 'list', '/home/mallory/.pm2/rpc.sock', '[{"name":"a","pm_id":0,"pm2_env":{"name":"a"}}]');
    const inodes = await socketsOf(host, pid);
    expect(inodes.length).toBeGreaterThan(3);
    for (const inode of inodes) await lies('mallory', 'forge', '/home/mallory/.pm2/rpc.sock', inode);
    const { daemons, ...config } = await drafted();
    expect(Object.values(daemons).filter(({ user }) => user === 'root')).toEqual([]);
    expect(config.default).not.toBe('root');
    expect(config.default).not.toBe('mallory');
    expect(await kills()).toEqual([]);
    expect((await host.must(`${GUARD} doctor || true`)).includes(String(pid))).toBe(false);
  });

  it("name another process for a daemon of root's that is there: that process is left alone", async () => {
    const pid = await serve();
    await host.must('pm2 ping');
    const [inode = ''] = await socketsOf(host, pid);
    await lies('mallory', 'forge', '/root/.pm2/rpc.sock', inode);
    const daemon = Number(await host.read('/root/.pm2/pm2.pid')); // host.daemons() believes the kernel's list
    const found = (await findings(host)).filter(({ subject }) => subject.pid !== null);
    expect(found.filter(({ subject }) => subject.pid === pid)).toEqual([]);
    expect((await kills()).flat()).not.toContain(String(pid));
    // The daemon itself is not hidden by lines that name its own inode.
    for (const one of await socketsOf(host, daemon)) await lies('mallory', 'forge', '/home/mallory/.pm2/rpc.sock', one);
    const { daemons } = JSON.parse((await host.run(`${GUARD} doctor --json`)).stdout) as {
      daemons: { home: string; pid: number }[];
    };
    expect(daemons.map(({ home, pid: one }) => [home, one])).toEqual([['/root/.pm2', daemon]]);
    await host.must('pm2 kill && rm -rf /root/.pm2');
  });

  it("are not needed: the only daemon of the host is an ordinary user's, and is no default", async () => {
    await host.must('echo "setInterval(() => {}, 1e6)" > a.js && pm2 start a.js', { user: 'mallory' });
    const { daemons, ...config } = await drafted();
    expect([config.default, daemons]).toEqual([
      undefined,
      { mallory: { user: 'mallory', home: '/home/mallory/.pm2', paths: ['/home/mallory'] } },
    ]);
    await host.must(`${GUARD} init --output /etc/pm2-guard/config.yaml`);
    // The name that the user chose before the install draws no new app of root's, with root's variables.
    const { stdout } = await host.run(`${GUARD} explain --json -- pm2 start /srv/service.js --name a`, { cwd: '/' });
    expect(JSON.parse(stdout)).toMatchObject({ invocation: { command: 'start' }, daemon: null });
    await host.must('rm -r /etc/pm2-guard');
    await host.must('pm2 kill', { user: 'mallory' });
  });

  it("a daemon of root's in a user's home is not declared, and a config that declares it is refused", async () => {
    await host.must('pm2 start sleep --interpreter none -- 1000', { env: { HOME: '/home/mallory' } });
    const draft = await host.must(`${GUARD} init`);
    expect(Object.values((parse(draft) as Drafted).daemons).map(({ home }) => home)).not.toContain(
      '/home/mallory/.pm2',
    );
    expect(draft).toMatch(
      /# +\/home\/mallory\/\.pm2: runs as root .*not declared: it is root's, and \/home\/mallory is owned by uid \d+/,
    );
    await host.must('pm2 kill', { env: { HOME: '/home/mallory' } });
    const check = async (home: string) => {
      await host.write('/srv/c.yaml', `daemons:\n  ops: { user: root, home: ${home} }\n`);
      const { status, stderr } = await host.run(`${GUARD} check --draft /srv/c.yaml`);
      return [status, /others can change its PM2_HOME/.test(stderr)];
    };
    expect(await check('/home/mallory/.pm2')).toEqual([78, true]);
    expect(await check('/home/mallory/not/there')).toEqual([78, true]);
    expect(await check('/tmp/.pm2')).toEqual([78, true]);
    expect(await check('/srv/not/there')).toEqual([0, false]);
    await host.must('ln -s /home/mallory /srv/link');
    expect(await check('/srv/link/.pm2')).toEqual([78, true]);
  });
});
