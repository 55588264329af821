import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { foreignFiles, SITE, WEB } from '../traps/twins.ts';
import { codes, DOCTOR, findings } from './doctor.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const CONFIG = `daemons:
  web: { user: www-data, home: ${WEB}, apps: [myapp] }
  ops: { user: ops }
  alice: { user: alice }
`;
const OPS = '/home/ops/.pm2';
const fix = `${DOCTOR} --fix`;

describeOnHost('doctor --fix', () => {
  let host: Host;
  const pidIn = (home: string) => host.daemons().find((one) => one.home === home)?.pid ?? 0;
  const kill = async (home: string) => {
    await host.must(`kill -9 ${pidIn(home)}`);
    while (pidIn(home) !== 0) await pause(20);
  };
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.must('pm2-guard uninstall && chmod 755 /home/alice'); // who cannot enter it reads no dump there (PD310)
    await host.write('/srv/job.js', 'setInterval(() => {}, 1e6);\n');
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE, env: { PM2_HOME: WEB } });
    await host.must('pm2 save && pm2 save', { env: { PM2_HOME: WEB, API_TOKEN: 't0ps3cret' } }); // T13
    await host.must('pm2 start /srv/job.js && pm2 save', { cwd: '/srv', env: { HOME: '/home/ops' } }); // T11
    await kill(OPS);
    await host.must('pm2 start /srv/job.js && pm2 save', { user: 'alice', env: { API_TOKEN: 't0ps3cret' } }); // T30
    await kill('/home/alice/.pm2');
  });
  afterAll(() => host.dispose());

  it('shows the plan and changes nothing if dry, refused or not on a terminal', async () => {
    const before = await host.must('find /home /var/www -printf "%p %u %m %i\\n" | sort');
    const dry = await host.run(`${fix} --dry-run`);
    expect(dry).toMatchObject({ status: 1, stderr: '' });
    expect(dry.stdout).toContain(`PD303  ${WEB}/dump.pm2: give to www-data\n`);
    expect(dry.stdout).toContain(`PD304  ${OPS}/rpc.sock: remove, no process listens\n`);
    expect(dry.stdout).toContain('PD310  /home/alice/.pm2/dump.pm2: mode 0600 instead of 0644\n');
    expect(dry.stdout).toMatch(/nothing was changed\n$/);
    expect(await host.run(fix)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /Nothing was changed\.\n {2}run: {2}sudo \S*pm2-guard doctor --fix --yes\n/,
      ) as string,
    });
    const terminal = host.tty(fix);
    await terminal.seen(/make these \d+ changes\? \[y\/N\] /);
    terminal.type('\n');
    expect(await terminal.result()).toMatchObject({ status: 2, stdout: containing('nothing was changed') });
    expect(await host.must('find /home /var/www -printf "%p %u %m %i\\n" | sort')).toBe(before);
  });

  it('as one of the users: what is his, and needs no root', async () => {
    const { stdout, status } = await host.run(`${fix} --yes`, { user: 'alice' });
    expect([status, stdout]).toEqual([
      1,
      containing(
        'done      PD310  /home/alice/.pm2/dump.pm2: mode 0600 instead of 0644  (back: sudo -u alice chmod 0644 ' +
          '/home/alice/.pm2/dump.pm2)',
      ),
    ]);
    expect(stdout).toContain('done      PD301  /home/alice/.pm2/rpc.sock');
    expect(
      (await host.tree('/home/alice/.pm2')).filter(
        ({ path, mode }) => /\.sock$|pm2\.pid$/.test(path) || (path.endsWith('dump.pm2') && mode !== '600'),
      ),
    ).toEqual([]);
  });

  it('repairs, says how each is taken back, and finds nothing more of it', async () => {
    const { stdout, status, stderr } = await host.run(`${fix} --yes --json`);
    const { done, left } = JSON.parse(stdout) as {
      done: { path: string; left: string | null; undo: string[] | null }[];
      left: { code: string }[];
    };
    expect([status, stderr]).toEqual([1, '']);
    expect(done.filter((one) => one.left !== null)).toEqual([]);
    expect(done.length).toBeGreaterThan(8);
    // not installed here
    expect(left.map(({ code }) => code).filter((code) => /^PD[3-6]/.test(code))).toEqual(['PD601']);
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
    expect(await foreignFiles(host, OPS, 'ops')).toEqual([]);
    const undo = done.find(({ path }) => path === `${WEB}/dump.pm2`)?.undo;
    expect(undo?.join(' ')).toBe(
      `sudo find ${WEB} -maxdepth 2 -path ${WEB}/dump.pm2 -uid 33 -execdir chown -h 0:0 {} +`,
    );
    await host.must('pm2 save', { user: 'www-data', env: { PM2_HOME: WEB } });
    await host.must('pm2 resurrect', { user: 'ops' });
    expect(await host.apps(OPS)).toMatchObject([{ name: 'job', status: 'online', uid: host.account('ops').uid }]);
    expect(await codes(host)).toEqual(['PD601']);
    expect(await host.run(`${fix} --yes`)).toMatchObject({
      status: 1,
      stdout: containing('there is nothing that doctor may repair by itself\n'),
    });
  });

  it('asks, and does it', async () => {
    await host.must(`chown root ${WEB}/module_conf.json`);
    const terminal = host.tty(fix);
    await terminal.seen(/make this change\? \[y\/N\] /);
    terminal.type('y\n');
    expect(await terminal.result()).toMatchObject({
      stdout: containing(`done      PD303  ${WEB}/module_conf.json: give to www-data`),
    });
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([]);
  });

  it('touches nothing where a daemon does not answer', async () => {
    await host.must(`chown root ${WEB}/module_conf.json`);
    await host.must(`kill -STOP ${pidIn(WEB)}`);
    expect((await findings(host)).filter(({ fix: one }) => one?.pm2Home === WEB)).toEqual([]);
    await host.must(`kill -CONT ${pidIn(WEB)}`);
    expect((await findings(host)).filter(({ fix: one }) => one?.pm2Home === WEB)).toHaveLength(1);
    await host.must(`chown www-data ${WEB}/module_conf.json`);
  });

  it('leaves what only root can read', async () => {
    await host.must(`chown root ${WEB}/module_conf.json && chmod 600 ${WEB}/module_conf.json`);
    expect(await host.run(`${fix} --yes`)).toMatchObject({
      status: 1,
      stdout: containing(
        `NOT DONE  PD303  ${WEB}/module_conf.json: www-data may not read it: it may hold secrets of root`,
      ),
    });
    expect(await foreignFiles(host, WEB, 'www-data')).toEqual([`root ${WEB}/module_conf.json`]);
    await host.must(`rm ${WEB}/module_conf.json`);
  });
});
