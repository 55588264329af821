import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';
import { DOCTOR } from './doctor.ts';

const LISTENER = 'require("http").createServer().listen(process.env.PORT);';

describeOnHost('T37: which daemon owns this?', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must(
      'PORT=3001 pm2 start npm --name myapp -- start && PORT=3002 pm2 start server.js --name shop-a -i 2',
      { user: 'www-data', cwd: SITE, env: { PM2_HOME: WEB } },
    );
    await host.write('/home/alice/listen.js', LISTENER);
    host
      .start(['/usr/bin/node', '/home/alice/listen.js'], { user: 'alice', env: { PORT: '3003' }, timeoutMs: 120_000 })
      .result()
      .catch(() => undefined);
    await host.must(
      'until grep -q :0BB9 /proc/net/tcp*; do sleep 0.1; done; until grep -q :0BBA /proc/net/tcp*; do sleep 0.1; ' +
        'done; until grep -q :0BBB /proc/net/tcp*; do sleep 0.1; done',
      { timeoutMs: 60_000 },
    );
  });
  afterAll(() => host.dispose());
  const ask = (question: string, user = 'root') => host.run(`${DOCTOR} ${question}`, { user });
  const god = () => host.daemons()[0]?.pid ?? 0;
  const pidOf = (command: RegExp) => host.processes().find((process) => command.test(process.command))?.pid ?? 0;

  it('a port, behind npm and sh', async () => {
    const server = pidOf(/^node server\.js$/);
    const { stdout, status, stderr } = await ask('--port 3001');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [first, ...way] = stdout.trimEnd().split('\n');
    expect(first).toBe(`port 3001 is owned by daemon web of www-data in ${WEB}: app myapp (id 0), online`);
    expect(way.map((line) => line.trim().split(/ +/)[1]).slice(0, 1)).toEqual([String(server)]);
    expect(way.map((line) => Number(line.trim().split(/ +/)[1]))).toEqual(expect.arrayContaining([server, god(), 1]));
  });

  it('a port of an app in cluster mode, on which the daemon listens', async () => {
    const answer = JSON.parse((await ask('--port 3002 --json')).stdout) as { schema: number; owners: object[] };
    expect(answer).toMatchObject({
      schema: 1,
      question: { port: 3002 },
      owners: [
        { daemon: 'web', stray: false, user: 'www-data', home: WEB, app: null, lineage: [{ pid: god() }, { pid: 1 }] },
      ],
      others: [],
      note: null,
    });
    expect((await host.run(DOCTOR)).stdout).toMatch(/port 3002 for its apps in cluster mode/);
  });

  it('a process', async () => {
    expect((await ask(`--pid ${pidOf(/^node server\.js$/)}`)).stdout).toMatch(
      /^pid \d+ is owned by daemon web .*: app myapp /,
    );
    expect(await ask(`--pid ${god()}`)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^pid \d+ is owned by daemon web of www-data in \/var\/www\/\.pm2, the daemon itself\n/,
      ) as string,
    });
  });

  it('a process, or a port, that no daemon owns', async () => {
    const pid = pidOf(/listen\.js/);
    for (const question of [`--pid ${pid}`, '--port 3003']) {
      expect(await ask(question)).toMatchObject({
        status: 1,
        stderr: '',
        stdout: expect.stringMatching(
          new RegExp(
            `^${question.slice(2)} is owned by no PM2 daemon\n {2}pid ${pid} +alice +/usr/bin/node ` +
              `/home/alice/listen\\.js\n`,
          ),
        ) as string,
      });
    }
    expect(await ask('--port 4')).toMatchObject({ status: 1, stdout: 'no process listens on port 4\n' });
    expect(await ask('--pid 4000000')).toMatchObject({ status: 1, stdout: 'there is no process 4000000\n' });
  });

  it('an app, by its name or namespace', async () => {
    expect(await ask('--app shop-a')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^(shop-a is owned by daemon web .*: app shop-a \(id [12]\), \w+\n(?: {2}pid .*\n)*){2}$/,
      ) as string,
    });
    expect((JSON.parse((await ask('--app default --json')).stdout) as { owners: object[] }).owners).toHaveLength(3);
    expect(await ask('--app nothing')).toMatchObject({
      status: 1,
      stdout: 'no living daemon has an app or a namespace nothing\n',
    });
  });

  it('says only root can know, to a user who may not', async () => {
    expect(await ask('--port 3001', 'ops')).toMatchObject({
      status: 2,
      stdout: 'only root can see which process listens on port 3001\n',
      stderr: expect.stringContaining('can be looked into by root only') as string,
    });
    expect(await ask(`--pid ${pidOf(/^node server\.js$/)}`, 'ops')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('is owned by daemon web of www-data') as string,
    });
    expect(await ask('--app myapp', 'ops')).toMatchObject({ status: 2 });
  });

  it('what cannot be asked', async () => {
    expect(await ask('--port http')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('A number from 1 on is expected.') as string,
    });
    expect(await ask('--port 1 --pid 1')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('cannot be used with') as string,
    });
  });
});
