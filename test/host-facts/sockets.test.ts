import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { liveDaemons } from '../../src/host/live-daemons.ts';
import { listeningSockets } from '../../src/host/sockets.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'sockets-')));
afterAll(() => { rmSync(place, { recursive: true }); });
const servers: Server[] = [];
afterEach(() => { servers.splice(0).forEach((server) => server.close()); });
const listen = async (path: string) => {
  mkdirSync(join(path, '..'), { recursive: true });
  const server = createServer();
  servers.push(server);
  await new Promise<void>((ready) => server.listen(path, ready));
};
const here = () => listeningSockets([readFileSync('/proc/net/unix', 'utf8')]).filter(({ path }) => path.startsWith(place)).map(({ path }) => path.slice(place.length + 1));
const daemonsHere = () => liveDaemons().filter(({ socket }) => socket.startsWith(place));

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
    await new Promise<void>((ready) => servers[0]?.once('connection', () => { ready(); }));
    expect(here()).toEqual(['c/rpc.sock']);
    client.destroy();
  });
  it('come with the process that holds them', async () => {
    await listen(join(place, 'd/rpc.sock'));
    expect(daemonsHere()).toEqual([{ socket: join(place, 'd/rpc.sock'), home: join(place, 'd'), pid: process.pid, uid: process.getuid?.(), user: expect.any(String) as string, reachable: true }]);
  });
  it('may have lost their place to another', async () => {
    const path = join(place, 'e/rpc.sock');
    await listen(path);
    unlinkSync(path);
    expect(daemonsHere()).toMatchObject([{ reachable: false }]);
    await listen(path);
    expect(daemonsHere().map(({ reachable }) => reachable).sort()).toEqual([false, true]);
  });
});

it('reads the kernel\'s list, and nothing that only looks like it', () => {
  expect(listeningSockets([[
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '0000000000000000: 00000002 00000000 00010000 0001 01 1234 /root/.pm2/rpc.sock',
    '0000000000000000: 00000003 00000000 00000000 0001 03 1235 /root/.pm2/rpc.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 1236 @/abstract/rpc.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 1237 relative/rpc.sock',
    '0000000000000000: 00000002 00000000 00010000 0001 01 1238',
    'rpc.sock', '',
  ].join('\n')])).toEqual([{ path: '/root/.pm2/rpc.sock', inode: '1234' }]);
});
