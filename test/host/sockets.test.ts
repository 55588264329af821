import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { liveDaemons } from '../../src/host/daemons/live-daemons.ts';
import { daemonSockets } from '../../src/host/daemons/sockets.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'sockets-')));
afterAll(() => {
  rmSync(place, { recursive: true });
});
const servers: Server[] = [];
afterEach(() => {
  servers.splice(0).forEach((server) => server.close());
});
const listen = async (path: string) => {
  mkdirSync(dirname(path), { recursive: true });
  const server = createServer();
  servers.push(server);
  await new Promise<void>((ready) => server.listen(path, ready));
};
const here = () =>
  daemonSockets([readFileSync('/proc/net/unix', 'utf8')])
    .filter(({ path }) => path.startsWith(place))
    .map(({ path }) => path.slice(place.length + 1));
const daemonsHere = async () => (await liveDaemons()).filter(({ socket }) => socket.startsWith(place));

describe.runIf(process.platform === 'linux')('listening sockets', () => {
  it('are those called rpc.sock, whatever their directory is called', async () => {
    await listen(join(place, 'a b/ü/rpc.sock'));
    await listen(join(place, 'a b/pub.sock'));
    expect(here()).toEqual(['a b/ü/rpc.sock']);
  });
  it('are not their connections', async () => {
    const path = join(place, 'c/rpc.sock');
    await listen(path);
    const client = connect(path);
    await new Promise<void>((ready) =>
      servers[0]?.once('connection', () => {
        ready();
      }),
    );
    expect(here()).toEqual(['c/rpc.sock']);
    client.destroy();
  });
  it('come with the process that holds them', async () => {
    await listen(join(place, 'd/rpc.sock'));
    expect(await daemonsHere()).toEqual([
      {
        socket: join(place, 'd/rpc.sock'),
        pm2Home: join(place, 'd'),
        elsewhere: false,
        door: join(place, 'd/rpc.sock'),
        pid: process.pid,
        uid: process.getuid?.(),
        user: expect.any(String) as string,
        reachable: true,
      },
    ]);
  });
  it('may have lost their place to another', async () => {
    const path = join(place, 'e/rpc.sock');
    await listen(path);
    unlinkSync(path);
    expect(await daemonsHere()).toMatchObject([{ reachable: false }]);
    await listen(path);
    expect((await daemonsHere()).map(({ reachable }) => reachable).sort()).toEqual([false, true]);
  });

  /** A process on one processor, which listens each time it is told to. */
  const listener = (path: string, cpu = 0) => {
    const script = `process.stdin.on('data', () =>
      require('net').createServer().listen(${JSON.stringify(path)}, () => console.log()))`;
    const child = spawn('taskset', ['-c', String(cpu % cpus().length), process.execPath, '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return {
      child,
      listen: async () => {
        child.stdin.write('\n');
        await once(child.stdout, 'data');
      },
    };
  };
  const reached = async (path: string) =>
    (await daemonsHere()).filter((daemon) => daemon.socket === path && daemon.reachable).map(({ pid }) => pid);
  // Every processor numbers what is made on it: the later socket has the greater number in one of these.
  it.each([
    [0, 1],
    [1, 0],
  ])('lead to the last one, made on processor %i and then on %i', async (former, latter) => {
    const path = join(place, `f${former}/rpc.sock`);
    mkdirSync(dirname(path));
    await listener(path, former).listen();
    unlinkSync(path);
    const second = listener(path, latter);
    await second.listen();
    expect(await reached(path)).toEqual([second.child.pid]);
    second.child.kill('SIGSTOP'); // and takes no call
    expect(await reached(path)).toEqual([second.child.pid]);
  });
  it('lead to the last one, though it began first', async () => {
    const path = join(place, 'g/rpc.sock');
    mkdirSync(dirname(path));
    const first = listener(path);
    await setTimeout(50); // the kernel tells the start of a process to 10 ms
    const second = listener(path);
    await second.listen();
    unlinkSync(path);
    await first.listen();
    expect(await reached(path)).toEqual([first.child.pid]);
  });
});

it("reads the kernel's list, and nothing that only looks like it", () => {
  expect(
    daemonSockets([
      [
        'Num       RefCount Protocol Flags    Type St Inode Path',
        '0000000000000000: 00000002 00000000 00010000 0001 01 1234 /root/.pm2/rpc.sock',
        '0000000000000000: 00000003 00000000 00000000 0001 03 1235 /root/.pm2/rpc.sock',
        '0000000000000000: 00000002 00000000 00010000 0001 01 1236 @/abstract/rpc.sock',
        '0000000000000000: 00000002 00000000 00010000 0001 01 1237 relative/rpc.sock',
        '0000000000000000: 00000002 00000000 00010000 0001 01 1238',
        'rpc.sock',
        '',
      ].join('\n'),
    ]),
  ).toEqual([{ path: '/root/.pm2/rpc.sock', inode: '1234', listening: true }]);
});
