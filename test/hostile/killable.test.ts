import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { killableApps, killableDaemon, killableGhost } from '../../src/doctor/killable.ts';
import type { DaemonFacts } from '../../src/host/daemons/daemon-facts.ts';
import type { Ghost } from '../../src/host/daemons/ghosts.ts';
import { daemonToEnd, endProcess } from '../../src/repair/end-process.ts';
import { startOf } from '../../src/runtime/process-start.ts';
import { asPid, asPm2Home, asPosix, asUid, type Pid } from '../../src/runtime/brands.ts';

const HOME = '/home/mallory/.pm2';
const process = {
  pid: 4711,
  uid: 1001,
  realUid: 1001,
  exe: '/usr/bin/node',
  command: `PM2 v7.0.4: God Daemon (${HOME})`,
};
/** A daemon of mallory's that is what it seems to be. */
const daemon = {
  pid: 4711,
  uid: 1001,
  pm2Home: HOME,
  reachable: true,
  socketFile: { uid: 1001, mode: 0o600 },
  apps: [],
  process,
};
const killable = (change: object) => killableDaemon({ ...daemon, ...change } as unknown as DaemonFacts);

it('a pid that root may be told to end is that of a daemon by its program and by its socket or title', () => {
  expect(killable({})).toEqual([4711]);
  expect(killable({ process: { ...process, command: 'node' } })).toEqual([4711]); // its socket is its own user's
});

const others: [what: string, change: object][] = [
  ['a service that holds a socket of that name', { process: { ...process, exe: '/usr/sbin/sshd', command: 'sshd' } }],
  ['a service that calls itself the daemon', { process: { ...process, exe: '/usr/sbin/sshd' } }],
  [
    "a node of root's that was sent the socket of a user",
    { uid: 0, process: { ...process, uid: 0, realUid: 0, command: 'node' } },
  ],
  ['a node whose socket has no file', { socketFile: null, process: { ...process, command: 'node server.js' } }],
  ['a process that cannot be looked into', { process: null }],
];
it.each(others)('%s is not to be ended', (_, change) => {
  expect(killable(change)).toEqual([]);
});

it("what a user's daemon calls its app is not to be ended where it is another user's process", () => {
  const app = (uid: number) => ({ process: { pid: 99, uid } });
  expect(killableApps({ ...daemon, apps: [app(1001), app(0), app(33)] } as unknown as DaemonFacts)).toEqual([99]);
});

it('a process with the environment of an app is not to be ended where another user has started it', () => {
  const ghost = (uid: number, realUid: number) =>
    killableGhost({ process: { pid: 7, uid, realUid } } as unknown as Ghost);
  expect([ghost(1001, 1001), ghost(0, 1001)]).toEqual([[7], []]);
});

it.runIf(globalThis.process.platform === 'linux')('adopt ends the daemon of that user and PM2_HOME only', async () => {
  const title = `PM2 v7.0.4: God Daemon (${HOME})`;
  const uid = asPosix(globalThis.process).geteuid();
  const node = `process.title = ${JSON.stringify(title)}; console.log("ready"); setInterval(() => {}, 1e6);`;
  const started = [
    // A title is no longer than the words of the command line.
    spawn(globalThis.process.execPath, ['-e', node, 'x'.repeat(title.length)], { stdio: ['ignore', 'pipe', 'ignore'] }),
    spawn('/bin/sh', ['-c', 'echo ready; read line'], { argv0: title, stdio: ['pipe', 'pipe', 'ignore'] }),
  ];
  try {
    await Promise.all(started.map((child) => new Promise((ready) => child.stdout.once('data', ready))));
    const [daemon, shell] = started.map(({ pid }) => asPid(pid ?? NaN)) as [Pid, Pid];
    const began = startOf(daemon) ?? '';
    expect(daemonToEnd(daemon, { pm2Home: asPm2Home(HOME), uid })).toEqual({ pid: daemon, started: began });
    expect(daemonToEnd(daemon, { pm2Home: asPm2Home('/root/.pm2'), uid })).toBe(null);
    expect(daemonToEnd(daemon, { pm2Home: asPm2Home(HOME), uid: asUid(uid + 1) })).toBe(null);
    expect(daemonToEnd(shell, { pm2Home: asPm2Home(HOME), uid })).toBe(null);
    expect(endProcess({ pid: daemon, started: `${began}1` })).toBe(false);
    expect(startOf(daemon)).toBe(began);
    expect(endProcess({ pid: daemon, started: began })).toBe(true);
    await once(started[0] as ChildProcess, 'exit');
    expect(endProcess({ pid: daemon, started: began })).toBe(false);
  } finally {
    for (const child of started) child.kill('SIGKILL');
  }
});
