import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encode } from '../../src/pm2/amp.ts';
import { askDaemon, listAndReport, listApps } from '../../src/pm2/rpc.ts';
import { RealPm2, versions } from './real.ts';

const patience = { timeoutMs: 5000 };

describe.each(versions)('a daemon of PM2 %s', (version) => {
  const pm2 = new RealPm2(version);
  beforeAll(() => {
    const script = pm2.file('app.js', 'setInterval(() => {}, 1e6)');
    pm2.run(['start', script, '--name', 'web', '--namespace', 'shop', '-i', '2', '--cwd', pm2.root]);
    pm2.run(['start', script, '--name', 'grüße']);
    pm2.run(['stop', 'grüße']);
  });
  afterAll(() => {
    pm2.stop();
  });

  it('lists what jlist lists', async () => {
    const answer = await listApps(pm2.socket, patience);
    const listed = pm2.list();
    expect(listed).toHaveLength(3);
    expect(answer).toEqual({
      type: 'answered',
      apps: listed.map(({ name, pid, pm_id, pm2_env }) => ({
        name,
        pid,
        pmId: pm_id,
        namespace: pm2_env.namespace,
        script: join(pm2.root, 'app.js'),
        cwd: pm2.root,
        status: pm2_env.status,
        restarts: pm2_env.restart_time,
        cluster: pm2_env.exec_mode === 'cluster_mode',
        username: pm2_env.username,
        module: false,
      })),
    });
    expect(listed.map(({ name, pm2_env }) => [name, pm2_env.namespace, pm2_env.status])).toEqual([
      ['web', 'shop', 'online'],
      ['web', 'shop', 'online'],
      ['grüße', 'default', 'stopped'],
    ]);
  });

  it('tells its version, and leaves nothing behind', async () => {
    const before = readdirSync(pm2.home);
    expect(await askDaemon(pm2.socket, 'getVersion', {}, patience)).toEqual({ type: 'answered', result: version });
    expect(readdirSync(pm2.home)).toEqual(before);
  });

  it('lists, and reports of itself, over one connection', async () => {
    const [list, report] = await listAndReport(pm2.socket, patience);
    expect(list).toEqual(await listApps(pm2.socket, patience));
    expect(report).toMatchObject({
      type: 'answered',
      result: { pm2_version: version, node_version: process.versions.node },
    });
  });

  it('refuses a method it does not have', async () => {
    expect(await askDaemon(pm2.socket, 'noSuchMethod', {}, patience)).toMatchObject({
      type: 'nonsense',
      why: expect.stringContaining('error') as string,
    });
  });
});

describe('a socket without a daemon', () => {
  const place = mkdtempSync(join(tmpdir(), 'rpc-'));
  const path = join(place, 'rpc.sock');
  let server: Server | null = null;
  const open: Socket[] = [];
  afterEach(() => {
    open.splice(0).forEach((socket) => socket.destroy());
    server?.close();
    server = null;
    rmSync(path, { force: true });
  });
  afterAll(() => {
    rmSync(place, { recursive: true });
  });

  /** A real server that answers the first bytes it gets. */
  const liar = (answer: (socket: Socket) => void) =>
    new Promise<void>((ready) => {
      server = createServer((socket) => {
        open.push(socket);
        socket.on('error', () => undefined);
        socket.once('data', () => {
          answer(socket);
        });
      }).listen(path, ready);
    });
  const id = `${process.pid}:pm2-guard:0`;
  const good = encode([{ args: [[{ name: 'a', pm_id: 0, pid: 1, pm2_env: { name: 'a' } }]] }, id]);
  const ask = (timeoutMs = 300, maxBytes = 1 << 20) => listApps(path, { timeoutMs, maxBytes });

  it('that is not there', async () => {
    expect(await ask()).toEqual({ type: 'dead', code: 'ENOENT' });
  });
  it('that is a file', async () => {
    writeFileSync(path, '');
    expect(await ask()).toEqual({ type: 'dead', code: 'ECONNREFUSED' });
  });
  it('that is below a file', async () => {
    writeFileSync(path, '');
    expect(await listApps(join(path, 'x'), patience)).toEqual({ type: 'dead', code: 'ENOTDIR' });
  });
  it('that is a link to itself', async () => {
    symlinkSync(path, path);
    expect((await ask()).type).toBe('dead');
  });
  it('whose path is too long', async () => {
    expect((await listApps(`/${'x'.repeat(300)}`, patience)).type).toBe('dead');
  });
  it('whose daemon was killed', async () => {
    spawnSync(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    expect(await ask()).toEqual({ type: 'dead', code: 'ECONNREFUSED' });
  });

  it('that never answers', async () => {
    await liar(() => undefined);
    expect(await ask()).toEqual({ type: 'silent' });
  });
  it('that answers too slowly', async () => {
    await liar((socket) => {
      let at = 0;
      const drip = setInterval(() => socket.write(good.subarray(at, ++at)), 50);
      socket.on('close', () => {
        clearInterval(drip);
      });
    });
    const began = Date.now();
    expect(await ask()).toEqual({ type: 'silent' });
    expect(Date.now() - began).toBeLessThan(1000);
  });
  it('that answers while this process parses the answer of another daemon', async () => {
    await liar((socket) => socket.write(good));
    const asked = ask(1000);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    expect(await asked).toMatchObject({ type: 'answered', apps: [{ name: 'a' }] });
  });
  it('that answers byte by byte', async () => {
    await liar((socket) => {
      let at = 0;
      const next = () => {
        if (at < good.length) socket.write(good.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    });
    expect(await ask(5000)).toMatchObject({ type: 'answered', apps: [{ name: 'a', pmId: 0 }] });
  });
  it('that answers another client first', async () => {
    await liar((socket) =>
      socket.write(Buffer.concat([encode([{ args: [[]] }, '1:2']), encode([{ args: ['x'] }]), good])),
    );
    expect(await ask()).toMatchObject({ type: 'answered', apps: [{ name: 'a' }] });
  });
  it('that answers one call of two', async () => {
    await liar((socket) => socket.write(good));
    expect(await listAndReport(path, { timeoutMs: 300 })).toMatchObject([
      { type: 'answered', apps: [{ name: 'a' }] },
      { type: 'silent' },
    ]);
  });
  it('that hangs up after one answer of two', async () => {
    await liar((socket) => socket.end(good));
    expect(await listAndReport(path, patience)).toMatchObject([
      { type: 'answered', apps: [{ name: 'a' }] },
      { type: 'nonsense' },
    ]);
  });
  it('that takes a long answer in one pass', async () => {
    const many = Array.from({ length: 2000 }, (_, at) => ({
      pm_id: at,
      pid: 1,
      pm2_env: { name: `app-${at}`, env: 'x'.repeat(5000) },
    }));
    await liar((socket) => socket.write(encode([{ args: [many] }, id])));
    const answer = await ask(5000, 64 << 20);
    expect(answer.type === 'answered' && answer.apps).toHaveLength(2000);
  });
  it('that overfills its backlog', async () => {
    // A stopped daemon's connections are queued by the kernel until connect(2) says EAGAIN.
    const python =
      'import socket, sys, time\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen(0)\nc = ' +
      'socket.socket(socket.AF_UNIX)\nc.connect(sys.argv[1])\nprint("full", flush=True)\ntime.sleep(60)';
    const child = spawn('python3', ['-c', python, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    expect(await ask()).toEqual({ type: 'silent' });
    child.kill();
  });

  const nonsense: [what: string, answer: Buffer | string][] = [
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['speaks nothing known', Buffer.from([0, 255, 0, 255])],
    ['claims 4 GiB', Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x6a])],
    [
      'claims a little too much in parts',
      Buffer.concat([Buffer.from([0x12, 0, 0x10, 0, 0]), Buffer.alloc(1 << 20, 0x6a)]),
    ],
    ['sends broken JSON', Buffer.concat([Buffer.from([0x11, 0, 0, 0, 4]), Buffer.from('j:{x')])],
    ['sends no list', encode([{ args: [{ name: 'a' }] }, id])],
    ['sends no args', encode([{ ok: 1 }, id])],
    ['sends a string', encode(['hello', id])],
    ['sends an error', encode([{ error: 'no' }, id])],
  ];
  it.each(nonsense)('that %s', async (_, answer) => {
    await liar((socket) => socket.write(answer));
    expect((await ask(2000)).type).toBe('nonsense');
  });
  it('that dies midway', async () => {
    await liar((socket) => socket.end(good.subarray(0, 20)));
    expect((await ask()).type).toBe('nonsense');
  });
  it('that hangs up', async () => {
    await liar((socket) => socket.destroy());
    expect((await ask()).type).toBe('nonsense');
  });
  it('that lists more than processes', async () => {
    const list = [
      null,
      1,
      'x',
      {},
      { name: 'b', pm_id: 'x', pm2_env: {} },
      { name: {}, pm_id: 1, pm2_env: { name: 'c', pm_cwd: 7, namespace: '' } },
    ];
    await liar((socket) => socket.write(encode([{ args: [list] }, id])));
    expect(await ask()).toEqual({
      type: 'answered',
      apps: [
        {
          name: 'c',
          namespace: null,
          script: null,
          cwd: null,
          pmId: 1,
          pid: null,
          status: null,
          restarts: null,
          cluster: false,
          username: null,
          module: false,
        },
      ],
    });
  });

  it.runIf(process.getuid?.() === 0)("that is another user's", async () => {
    await liar((socket) => socket.write(good));
    chmodSync(place, 0o755);
    chmodSync(path, 0o755);
    const bundle = join(place, 'ask.cjs');
    await build({ entryPoints: ['src/pm2/rpc.ts'], bundle: true, platform: 'node', format: 'cjs', outfile: bundle });
    const program = `require(${JSON.stringify(bundle)})
      .listApps(${JSON.stringify(path)}, { timeoutMs: 2000 })
      .then((answer) => console.log(JSON.stringify(answer)))`;
    const answer = await new Promise<string>((done) => {
      execFile(process.execPath, ['-e', program], { uid: 65534, gid: 65534 }, (_, stdout) => {
        done(stdout);
      });
    });
    expect(JSON.parse(answer)).toEqual({ type: 'denied', code: 'EACCES' });
  });
});
