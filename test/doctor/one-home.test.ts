import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS } from '../traps/twins.ts';
import { examined, found, IDLE, repair, finding } from './doctor.ts';

describeOnHost('one home, and none or two daemons that are reached', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    // What is no node, or has npm above it, outlives its daemon; a node app ends with its IPC channel (@pm2/io).
    await host.must('pm2 start sleep --name backup --interpreter none -- 100000 && pm2 save', { user: 'ops' });
  });
  afterAll(() => host.dispose());
  const alive = async () => (await host.apps(OPS)).map(({ name, status }) => `${name} ${status}`);
  const copies = () => host.processes().filter(({ command }) => /\bsleep 100000$/.test(command)).length;

  it('T31: the daemon was killed, and its app goes on', async () => {
    const [app] = await host.apps(OPS);
    const pid = app?.pid ?? 0;
    await host.must(`kill -KILL ${host.daemons()[0]?.pid ?? ''}`);
    await expect.poll(() => host.daemons()).toEqual([]);
    const ghost = await finding(host, 'PD203');
    expect(ghost).toMatchObject({
      trap: 'T31',
      urgency: 'wrong',
      what: 'backup still runs, and its daemon is gone',
      subject: { app: 'backup', home: OPS, pid },
      evidence: [
        `pid ${pid} (/usr/bin/sleep 100000) runs as ops`,
        `the daemon in ${OPS} started it, and none lives there now`,
      ],
      repair: [['sudo', '-u', 'ops', 'kill', String(pid)]],
    });
    // A new daemon, which knows nothing of it: after a `pm2 start` there are two.
    await host.must('pm2 list', { user: 'ops' });
    const beside = await finding(host, 'PD203');
    expect(beside.evidence[1]).toBe(`the daemon in ${OPS} started it, and the one that lives there now did not`);
    await repair(host, beside);
    await expect.poll(() => found(host)).toEqual([]);
    expect(await alive()).toEqual(['backup online']);
    expect(copies()).toBe(1);
  });

  it('T31: what an app sent into the background is none', async () => {
    await host.write('/home/ops/spawner.sh', '#!/bin/sh\n(setsid sleep 1000 &)\nexec sleep 2000\n', { mode: '755' });
    await host.must('pm2 start /home/ops/spawner.sh --interpreter none', { user: 'ops' });
    await expect
      .poll(() =>
        host
          .processes()
          .filter(({ command }) => /^sleep [12]000$/.test(command))
          .map(({ parent }) => parent === 1)
          .sort(),
      )
      .toEqual([false, true]);
    expect(await found(host, /PD203/)).toEqual([]);
    await host.must('pm2 delete spawner; pkill -x -f "sleep 1000"', { user: 'ops' });
  });

  it('T33: rm -rf ~/.pm2 while it runs', async () => {
    await host.must(`rm -rf ${OPS}`);
    const lost = await finding(host, 'PD104');
    expect(lost).toMatchObject({
      trap: 'T33',
      urgency: 'urgent',
      what: `no command reaches the daemon of ops in ${OPS}`,
    });
    expect(lost.evidence).toEqual([
      expect.stringMatching(/^pid \d+ listens on .*, which is gone with its directory$/),
      'it still runs backup',
    ]);
    await repair(host, lost);
    expect(await found(host)).toEqual([]);
    expect(await alive()).toEqual(['backup online']);
    expect(copies()).toBe(1);
  });

  it('T33: and then pm2 start', async () => {
    await host.must('pm2 save', { user: 'ops' });
    await host.must('rm rpc.sock pub.sock', { cwd: OPS }); // as clean-up jobs of /run and /tmp do
    await host.write('/home/ops/other.js', IDLE);
    await host.must('pm2 start other.js', { user: 'ops' });
    const two = await finding(host, 'PD103');
    const [second, first] = (await examined(host)).daemons; // first the one that pm2 reaches
    expect(first?.pid).toBeLessThan(second?.pid ?? 0);
    expect(two).toMatchObject({
      trap: 'T33',
      urgency: 'urgent',
      what: `two daemons have one PM2_HOME, ${OPS}`,
      subject: { pid: first?.pid },
      evidence: [
        `pid ${first?.pid ?? ''} listens where no client can connect any more: ${OPS}/rpc.sock is now that of pid ` +
          `${second?.pid ?? ''}`,
        'it still runs backup',
      ],
    });
    expect(first).toMatchObject({ answers: 'no', apps: [{ name: 'backup', user: 'ops', state: null }] });
    await repair(host, two);
    await host.must('pm2 save', { user: 'ops' });
    await expect.poll(() => found(host)).toEqual([]);
    expect((await alive()).sort()).toEqual(['backup online', 'other online']);
    expect(copies()).toBe(1);
    expect(host.daemons()).toMatchObject([{ pid: second?.pid }]);
  });

  it('a daemon that is stopped', async () => {
    await host.must(`kill -STOP ${host.daemons()[0]?.pid ?? ''}`);
    const silent = await finding(host, 'PD107');
    expect(silent).toMatchObject({
      what: `the daemon of ops in ${OPS} does not answer`,
      evidence: ['it took the call, and said nothing for 5 s', expect.stringMatching(/is stopped \(SIGSTOP\)$/)],
    });
    await repair(host, silent);
    expect(await found(host)).toEqual([]);
  });

  it('a daemon that lies', async () => {
    await host.write(
      '/home/alice/liar.js',
      `
      process.title = 'PM2 v7.0.4: God Daemon (/home/alice/.pm2)';
      require('fs').mkdirSync('/home/alice/.pm2');
      const sized = (part) => {
        const size = Buffer.alloc(4);
        size.writeUInt32BE(Buffer.byteLength(part));
        return [size, Buffer.from(part)];
      };
      const frame = (...parts) => Buffer.concat([Buffer.from([0x10 | parts.length]), ...parts.flatMap(sized)]);
      const report = { pm2_version: '\\x1b[31m', node_version: {} };
      const list = [{ name: 'init\\x1b[2J', pm_id: 0, pid: 1, pm2_env: { name: 'init\\x1b[2J', status: 'online' } }];
      require('net').createServer((socket) => socket.once('data', (data) => {
        for (const [, method, id] of data.toString('latin1').matchAll(/"method":"(\\w+)".*?(s:\\d+:pm2-guard:\\d)/gs)) {
          socket.write(frame('j:' + JSON.stringify({ args: [method === 'getReport' ? report : list] }), id));
        }
      })).listen('/home/alice/.pm2/rpc.sock');`,
    );
    const liar = host.start(['/usr/bin/node', '/home/alice/liar.js'], { user: 'alice', timeoutMs: 60_000 });
    await expect.poll(() => host.daemons().length).toBe(2);
    expect((await examined(host)).daemons[0]).toMatchObject({
      user: 'alice',
      pm2: '7.0.4',
      node: null,
      apps: [{ pid: null, user: null, uid: null }],
    });
    expect(await finding(host, 'PD107')).toMatchObject({
      what: 'the daemon of alice in /home/alice/.pm2 lists what is not its own',
      evidence: [
        expect.stringMatching(/^init\u001b\[2J is online as pid 1, it says, and that is no child of pid \d+$/),
      ],
    });
    const { stdout } = await host.run('node /usr/src/pm2-guard/dist/pm2-guard.cjs doctor');
    expect(stdout).toContain('init\\x1b[2J is online as pid 1');
    expect(stdout).not.toContain('\u001b');
    liar.kill('SIGKILL');
    await liar.result();
  });
});
