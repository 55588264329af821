import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS, WEB } from '../traps/twins.ts';
import { examined, found, repair, startSite, DOCTOR, finding } from './doctor.ts';

/** Clients at once, each of which spawns a daemon. One daemon gets the socket. The clients of the others wait. */
const RACE = 'for each in 1 2 3 4 5 6; do pm2 list >/dev/null 2>&1 & done; wait';
/** A process with any title, and children that look like apps. */
const IMPOSTOR = `
process.title = process.argv[2];
const env = { ...process.env, name: 'myapp', pm_id: '0', PM2_HOME: '${WEB}' };
require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { env, stdio: 'ignore' });
setInterval(() => {}, 1e6);
`;

describeOnHost('daemons without a socket', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
  });
  afterAll(() => host.dispose());

  const titled = (home: string) =>
    host.processes().filter(({ command }) => command.startsWith('PM2 v') && command.endsWith(`God Daemon (${home})`));
  const living = (home: string) => host.daemons().find((daemon) => daemon.home === home)?.pid ?? 0;
  const waiting = (home: string) => titled(home).filter(({ pid }) => pid !== living(home));
  /** Until a daemon has lost the race: on a busy machine the first one may be ready before the others begin. */
  const race = async (user: string, home: string) => {
    const env = { PM2_HOME: home };
    for (let round = 0; round < 5; round++) {
      const clients = host.start(['/bin/sh', '-c', RACE], { user, cwd: '/', env, timeoutMs: 90_000 });
      const clientsEnd = { seen: false };
      void clients.result().then(() => (clientsEnd.seen = true));
      const begun = () => host.processes().filter(({ command }) => /\/pm2 list$|\/Daemon\.js$/.test(command)).length;
      const allWait = () => waiting(home).length > 0 && waiting(home).length === begun();
      await expect.poll(() => clientsEnd.seen || allWait(), { timeout: 60_000 }).toBe(true);
      if (!clientsEnd.seen) {
        await host.must('pkill -f "pm2 [l]ist"', { cwd: '/' });
        await clients.result();
        return;
      }
      await host.must('pm2 kill', { user, cwd: '/', env });
    }
    throw new Error('no daemon lost the race');
  };

  it('T28, plain PM2: daemons without the socket wait; one that ends removes the pm2.pid of the other', async () => {
    await race('www-data', WEB);
    await startSite(host);
    const [one] = waiting(WEB);
    await host.must(`echo ${living(WEB)} > ${WEB}/pm2.pid; kill ${one?.pid ?? ''}`);
    await expect.poll(() => host.exists(`${WEB}/pm2.pid`)).toBe(false);
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online' }]);
    await host.write(`${WEB}/pm2.pid`, String(living(WEB)), { owner: 'www-data' });
  });

  it('PD116 finds them, counts them apart, and its repair ends them alone', async () => {
    const lost = waiting(WEB).map(({ pid }) => pid);
    const report = await examined(host);
    expect(report.daemons).toMatchObject([{ name: 'web', pid: living(WEB) }]);
    expect(report.socketless.map(({ user, home, pid }) => [user, home, pid])).toEqual(
      lost.map((pid) => ['www-data', WEB, pid]),
    );
    const one = await finding(host, 'PD116');
    expect(one).toMatchObject({ trap: 'T28', urgency: 'untidy', subject: { home: WEB, pid: lost[0] } });
    expect(one.evidence.at(-1)).toBe(`pm2 reaches pid ${living(WEB)} there`);
    expect(one.repair).toEqual([['sudo', '-u', 'www-data', 'kill', '-KILL', ...lost.map(String)]]);
    const { stdout } = await host.run(DOCTOR);
    expect(stdout).toContain(`NO SOCKET: www-data in ${WEB}\n  pid ${lost.slice(0, 6).join(', ')}`);
    expect(stdout).toMatch(/on 1 daemon, 1 app, \d+ daemons? without a socket/);
    const before = living(WEB);
    await repair(host, one);
    await expect.poll(() => titled(WEB).map(({ pid }) => pid)).toEqual([before]);
    expect((await host.read(`${WEB}/pm2.pid`)).trim()).toBe(String(before));
    expect(await host.apps(WEB)).toMatchObject([{ name: 'myapp', status: 'online' }]);
    expect((await examined(host)).findings.filter(({ code }) => /^PD[1-4]/.test(code))).toEqual([]);
  });

  it('one that another daemon left alone is found, also where no daemon listens', async () => {
    await race('ops', OPS);
    await host.must(`kill -KILL ${living(OPS)}`);
    await expect.poll(() => living(OPS)).toBe(0);
    const one = await finding(host, 'PD116');
    expect(one).toMatchObject({ urgency: 'wrong', subject: { home: OPS } });
    expect(one.evidence).toContain('no other daemon lives there');
    const seen = await host.run(DOCTOR, { user: 'ops' });
    expect(seen.stdout).toContain(`NO SOCKET: ops in ${OPS}`);
    await repair(host, one);
    await expect.poll(() => titled(OPS)).toEqual([]);
    expect(await found(host)).toEqual([]);
  });

  it("a user's process with the title of another user's daemon: only that process can be meant", async () => {
    await host.write('/home/alice/impostor.js', IMPOSTOR);
    const homes = [WEB, '/root/.pm2'];
    const started = homes.map((home) =>
      host.start(['/usr/bin/node', '/home/alice/impostor.js', `PM2 v7: God Daemon (${home})`], {
        user: 'alice',
        cwd: '/',
        timeoutMs: 120_000,
      }),
    );
    // No node: its program says that it is none of PM2's.
    const named = host.start(['/bin/bash', '-c', "exec -a 'PM2 v7: God Daemon (/root/.pm2)' sleep 1000"], {
      cwd: '/',
      timeoutMs: 120_000,
    });
    const theirs = () => host.processes().filter(({ uid }) => uid === host.account('alice').uid);
    await expect.poll(() => theirs().length).toBe(4);
    await expect.poll(() => homes.map((home) => waiting(home).filter(({ uid }) => uid > 0).length)).toEqual([1, 1]);
    await host.must(`pm2 stop myapp; pm2 delete myapp`, { user: 'www-data', cwd: '/', env: { PM2_HOME: WEB } });
    const web = living(WEB);
    const all = (await examined(host)).findings.filter(({ code }) => code === 'PD116');
    expect(all.map(({ subject }) => subject.home).sort()).toEqual([...homes].sort());
    for (const { repair: lines, what, evidence } of all) {
      expect(what).toMatch(/^a daemon of alice in /);
      expect(evidence.at(-1)).toBe('the title is the word of alice alone');
      expect(lines.map((words) => words.slice(0, 4))).toEqual(lines.map(() => ['sudo', '-u', 'alice', 'kill']));
      const pids = lines.flatMap((words) => words.slice(4).filter((word) => word !== '-KILL'));
      expect(theirs().map(({ pid }) => String(pid))).toEqual(expect.arrayContaining(pids));
    }
    for (const one of all) await repair(host, one);
    await expect.poll(() => theirs()).toEqual([]);
    expect(living(WEB)).toBe(web);
    named.kill('SIGKILL');
    await Promise.all([...started, named].map((process) => process.result()));
  });
});
