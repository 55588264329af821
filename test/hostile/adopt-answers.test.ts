import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { adopt, adopted, reset, ROOT, running } from '../adopt/scene.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG, WEB } from '../traps/twins.ts';

const pm2 = '/usr/bin/pm2';
const idle = 'setInterval(() => {}, 1000);';
const built = mkdtempSync(join(tmpdir(), 'pg-liar-'));
/** A value that every conversion to text or number throws for. */
const poison = '{"toString":1,"valueOf":1}';
const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
const crash = /TypeError|RangeError|please report|\n\s+at /;

describeOnHost('adopt and daemons that lie', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: '7.0.4' });
    await host.installGuard(CONFIG);
    await bundle({ liar: 'test/hostile/liar.ts' }, built);
    await host.write('/opt/liar.cjs', readFileSync(join(built, 'liar.cjs')));
  });
  beforeEach(async () => {
    await reset(host);
    await host.must('rm -rf /home/alice/* /var/www/html/myapp/site; chmod 755 /home/alice');
    await host.write('/srv/app.js', idle);
    await host.write('/home/alice/shop.js', idle, { owner: 'alice' });
  });
  afterAll(async () => {
    await host.dispose();
    rmSync(built, { recursive: true });
  });
  const lie = async (user: string, home: string, answers: Record<string, string[]>) => {
    await host.must(`install -d -o ${user} ${home}`);
    const liar = host.start(['/usr/bin/node', '/opt/liar.cjs', `${home}/rpc.sock`, JSON.stringify(answers)], {
      user,
      cwd: '/',
      timeoutMs: 100_000,
    });
    void liar.result().catch(() => undefined);
    await liar.seen(/listens/);
    return liar;
  };
  const startMyapp = (options = '') => host.must(`${pm2} start /srv/app.js --cwd /srv --name myapp ${options}`);
  const stillHome = async () => {
    expect(await running(host, ROOT)).toEqual(['myapp 0 online']);
  };

  const env = (fields: string) => `{"pm_id":0,"pid":0,"pm2_env":{${fields}}}`;
  const listOf = (...records: string[]) => `[${records.map(env).join(',')}]`;
  const sources: [what: string, list: string][] = [
    ['a module with such a name', `[${env(`"name":${poison},"pmx_module":true`)}]`],
    [
      'an app with such a name, state and port',
      listOf(
        `"name":${poison}`,
        `"name":"shop-z","status":${poison}`,
        `"name":"shop-z","status":"online","PORT":${poison},"env":{"PORT":${poison}}`,
      ),
    ],
    [
      'numbers that are text',
      `[{"pm_id":"0","pid":"1","pm2_env":{"name":"shop-z"}},{"pm_id":1e999,"pid":-1,"pm2_env":{"name":"shop-z"}}]`,
    ],
    [
      'numbers that never end',
      listOf(
        '"name":"shop-z","status":"online","min_uptime":1e999,"kill_timeout":1e999,"listen_timeout":1e300',
        '"name":"shop-y","status":"online","restart_time":1e999,"unstable_restarts":1e999',
      ),
    ],
    ['a record that is nested beyond writing', `[${env(`"name":"shop-z","status":"online","args":${deep}`)}]`],
    ['a hundred thousand apps', listOf(...Array.from({ length: 100_000 }, () => '"name":"shop-z","status":"stopped"'))],
    ['a name of a megabyte', `[${env(`"name":"shop-${'z'.repeat(1 << 20)}","status":"online"`)}]`],
    ['a number in place of the list', '7'],
    ['no result at all', 'j:{"args":[]}'],
  ];
  it.each(sources)('is not stopped by the daemon of a user who lies: %s', async (_, list) => {
    // What is too long for a command line comes through a file of the liar's own.
    await host.write(
      '/home/alice/liar.cjs',
      `process.argv[3] = JSON.stringify({ getMonitorData: [require('fs').readFileSync('/home/alice/list', 'utf8')] });
       require('/opt/liar.cjs');`,
      { owner: 'alice' },
    );
    await host.write('/home/alice/list', list, { owner: 'alice' });
    await host.must('install -d -o alice /home/alice/lies');
    const liar = host.start(['/usr/bin/node', '/home/alice/liar.cjs', '/home/alice/lies/rpc.sock'], {
      user: 'alice',
      timeoutMs: 100_000,
    });
    void liar.result().catch(() => undefined);
    await liar.seen(/listens/);
    await startMyapp();
    const strays = await adopt(host, '--all-strays --dry-run');
    expect(strays.stderr).not.toMatch(crash);
    expect(strays.stdout).toContain('myapp: from root in /root/.pm2 to web');
    await adopted(host, 'myapp --from /root/.pm2');
    expect(await running(host, WEB)).toEqual(['myapp 33 online']);
  });

  it('is not stopped by the environment of a process, nor by a saved list', async () => {
    await host.must('install -d -o alice /home/alice/lost /home/alice/saved');
    const children = [
      `{"name":"shop-z","pm_id":${poison}}`,
      `{"name":${poison},"pm_id":1}`,
      '[1]',
      'null',
      '7',
      `{"name":"shop-z","pm_id":0,"PORT":${poison},"min_uptime":1e999}`,
    ];
    await host.write(
      '/home/alice/lost.js',
      `const { spawn } = require('child_process'), fs = require('fs');
      require('net').createServer().listen('/home/alice/lost/rpc.sock', () => {
        for (const text of ${JSON.stringify(children)}) {
          spawn('/bin/sleep', ['1000'], { env: { pm2_env: text, name: 'shop-z', pm_id: '0' } });
        }
        spawn('/bin/sleep', ['1000'], { env: { name: 'shop-z', pm_id: '1e999', PORT: 'x' } });
        fs.unlinkSync('/home/alice/lost/rpc.sock');
        console.log('ready');
      });`,
      { owner: 'alice' },
    );
    await host.write(
      '/home/alice/saved/dump.pm2',
      `[{"name":${poison}},{"name":"shop-y","status":${poison}},7,null,
        {"name":"shop-y","pm_exec_path":${poison},"env":${poison},"PM2_HOME":${poison},"args":${deep}}]`,
      { owner: 'alice' },
    );
    const lost = host.start(['/usr/bin/node', '/home/alice/lost.js'], { user: 'alice' });
    void lost.result().catch(() => undefined);
    await lost.seen(/ready/);
    await startMyapp();
    for (const words of [
      '--all-strays --dry-run',
      '--from /home/alice/lost --dry-run',
      '--from /home/alice/saved --dry-run',
      '--from alice --dry-run',
    ]) {
      expect((await adopt(host, words)).stderr).not.toMatch(crash);
    }
    await adopted(host, 'myapp --from /root/.pm2');
    expect(await running(host, WEB)).toEqual(['myapp 33 online']);
  });

  const named = (fields: string) => `[${env(`"name":"myapp","status":"online",${fields}`)}]`;
  const targets: [what: string, answers: Record<string, string[]>][] = [
    ['lists what is no list', { getMonitorData: ['{}'] }],
    [
      'lists what cannot be written',
      { getMonitorData: ['[]', `[${env(`"name":"myapp","status":"online","args":${deep}`)}]`] },
    ],
    ['hangs up when it is asked for its list', { getMonitorData: ['close'] }],
    ['lists nothing of what it has started', { getMonitorData: ['[]'] }],
    ['lists well until the app is stopped', { getMonitorData: ['[]', '[]', '7'] }],
    ['lists names that are no text', { getMonitorData: ['[]', '[]', `[${env(`"name":${poison}`)}]`] }],
    [
      'counts restarts in what is no number',
      {
        getMonitorData: [
          '[]',
          '[]',
          named(`"restart_time":${poison},"unstable_restarts":${poison},"instance_var":"x","x":${poison}`),
        ],
      },
    ],
    [
      'says that it cannot start it, with no reason',
      { getMonitorData: ['[]'], prepare: [`{"error":true,"message":${poison}}`] },
    ],
    ['answers a start with an error that is no text', { getMonitorData: ['[]'], prepare: ['j:{"error":{"a":1}}'] }],
    [
      'says that it cannot delete it',
      {
        getMonitorData: ['[]', '[]', `[${env('"name":"myapp","status":"errored","pm_err_log_path":"/etc/shadow"')}]`],
        deleteProcessId: [`{"error":true,"message":${poison}}`],
      },
    ],
  ];
  it.each(targets)('leaves the app up where the daemon that it goes to %s', async (_, answers) => {
    await startMyapp();
    await lie('www-data', WEB, answers);
    const { status, stdout, stderr } = await adopt(host, 'myapp --yes');
    expect(`${stdout}${stderr}`).not.toMatch(crash);
    expect([status, `${stdout}${stderr}`]).toEqual([
      1,
      expect.stringMatching(/myapp: put back, in root's daemon|BLOCKED BY/),
    ]);
    await stillHome();
    expect(await adopt(host, '--resume')).toMatchObject({ status: 0, stdout: 'no adoption was cut off\n' });
  });
});
