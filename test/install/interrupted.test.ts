import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';
import type { Status } from '../../src/install/status.ts';

const WEB = '/var/www/.pm2';
const CONFIG = `default: web\ndaemons:\n  web:\n    user: www-data\n    home: ${WEB}\n    apps: [myapp]\n`;
const KILLS = 14;

/**
 * `node killer.cjs N COMMAND...`: lets the command run for a millisecond at a time (SIGSTOP, SIGCONT), looks at the
 * places that install writes to, and kills it (SIGKILL) when they have changed for the Nth time, or, for `sN`, after so
 * many milliseconds of its own. Prints how often they had changed when it ended, its status, and its milliseconds.
 */
const KILLER = `
const fs = require('fs'), { spawn } = require('child_process');
const [, , n, ...command] = process.argv;
const places = [
  ...['lib/pm2-guard', 'bin', 'sbin', 'share'].map((name) => '/usr/local/' + name),
  ...['pm2-guard', 'profile.d', 'zsh', 'fish', 'sudoers.d'].map((name) => '/etc/' + name),
  '/var/lib/pm2-guard', '/var/cache/pm2-guard',
];
function state(path, depth) {
  let stat;
  try { stat = fs.lstatSync(path); } catch { return ''; }
  const own = [path, stat.ino, stat.size, stat.mode, stat.uid, stat.mtimeMs].join(' ');
  if (!stat.isDirectory() || depth === 0) return own;
  try {
    return own + fs.readdirSync(path).map((name) => state(path + '/' + name, depth - 1)).join('|');
  } catch {
    return own;
  }
}
const now = () => places.map((place) => state(place, 4)).join() + state('/etc/bash.bashrc', 0) + state('/etc', 0);
let last = now(), changes = 0, slices = 0, ended = null;
const child = spawn(command[0], command.slice(1), { stdio: 'ignore' });
child.on('exit', (status, signal) => { ended = signal || String(status); });
(function look() {
  if (ended !== null) { console.log(changes, ended, slices); return; }
  child.kill('SIGCONT');
  for (const end = performance.now() + 1; performance.now() < end;);
  child.kill('SIGSTOP');
  const seen = now();
  if ((seen !== last && String(++changes) === n) || 's' + ++slices === n) child.kill('SIGKILL');
  last = seen;
  setImmediate(look);
})();
`;

describeOnHost('an install that is killed', () => {
  let host: Host;
  let before: string[];
  let whole: string[];
  let course = { changes: 0, slices: 0 };
  const install = (directory = checkout) => `node ${directory}/dist/pm2-guard.cjs install`;
  const kill = async (at: string, command: string) => {
    const [changes = '0', ended = '', slices = '0'] = (
      await host.must(`node /srv/killer.cjs ${at} ${command}`, { timeoutMs: 60_000 })
    )
      .trim()
      .split(' ');
    return { changes: Number(changes), ended, slices: Number(slices) };
  };
  /** V8's form of a bundle is made anew with each; times and numbers of files are no content. */
  const plain = (lines: string[]) =>
    lines.filter((line) => !/\.code$|(policy|no-sudo)\.json$|\/var\/cache\/pm2-guard\/[^ .][^ ]*,/.test(line));
  const differs = (now: string[], then: string[]) => difference(plain(then), plain(now));
  /** By its owner, who gets the same answer with the guard and without. */
  const works = async () => {
    expect(await host.run('pm2 id myapp', { user: 'www-data', env: { PM2_HOME: WEB }, cwd: '/' })).toMatchObject({
      status: 0,
      stdout: '[ 0 ]\n',
      stderr: '',
    });
  };
  /** At what was seen to change, each time, and at moments of any kind in between. */
  const moments = ({ changes, slices }: { changes: number; slices: number }, kills: number): string[] =>
    Array.from({ length: kills }, (_, index) =>
      index % 2 === 0
        ? String(1 + ((index / 2) % changes))
        : `s${1 + Math.floor(slices * (0.3 + 0.7 * Math.random()))}`,
    );

  beforeAll(async () => {
    host = await createHost();
    await host.write('/srv/killer.cjs', KILLER);
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must('pm2 start server.js --name myapp', {
      user: 'www-data',
      env: { PM2_HOME: WEB },
      cwd: '/var/www/html/myapp/public_html',
    });
    before = await snapshot(host);
    course = await kill('none', install());
    whole = await snapshot(host);
    await host.must('pm2-guard uninstall');
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });
  afterAll(() => host.dispose());

  it('for the first time, at any moment: pm2 works, and it can be repeated or undone', async () => {
    expect(course.changes).toBeGreaterThan(3);
    const killed: string[] = [];
    for (const [index, at] of moments(course, KILLS).entries()) {
      const { ended } = await kill(at, install());
      killed.push(ended);
      await works();
      if (index % 3 === 0) {
        await host.must(install());
        expect(differs(await snapshot(host), whole)).toEqual({ gone: [], new: [] });
        expect((JSON.parse((await host.run('pm2-guard status --json')).stdout) as Status).problems).toEqual([]);
        await works();
      }
      await host.must(`node ${checkout}/dist/pm2-guard.cjs uninstall`);
      expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
    }
    expect(killed.filter((ended) => ended === 'SIGKILL').length).toBeGreaterThan(KILLS / 3);
  }, 240_000);

  it('what a killed install left of a compiled bundle goes with the next', async () => {
    await host.must(`${install()} && touch $(readlink -f /usr/local/lib/pm2-guard/bin/..)/pm2.1.2.3-node.4.code.99`);
    await host.must(install());
    expect(differs(await snapshot(host), whole)).toEqual({ gone: [], new: [] });
    await host.must(`node ${checkout}/dist/pm2-guard.cjs uninstall`);
  }, 60_000);

  it('over another version: every call is guarded, by one of the two', async () => {
    await host.must(
      `mkdir /srv/b && cp -r ${checkout}/dist ${checkout}/shims /srv/b && sed -i 's/"0\\.1\\.0"/"0.2.0"/g' ` +
        '/srv/b/dist/*.cjs',
    );
    await host.must(install());
    const upgrade = await kill('none', install('/srv/b'));
    for (const [index, at] of moments(upgrade, 6).entries()) {
      await kill(at, install(index % 2 === 0 ? checkout : '/srv/b'));
      await works();
      // Root's own daemon would not know it. A program reads `id`, so no notice is printed.
      expect(await host.run('pm2 id myapp', { cwd: '/' })).toMatchObject({ status: 0, stdout: '[ 0 ]\n', stderr: '' });
    }
    await host.must(
      `touch -h -d '2 minutes ago' /usr/local/lib/pm2-guard/* && ${install()} && touch -h -d '2 minutes ago' ` +
        `/usr/local/lib/pm2-guard/* && ${install()}`,
    );
    expect(differs(await snapshot(host), whole)).toEqual({ gone: [], new: [] });
  }, 240_000);

  it('so is an uninstall', async () => {
    const gone = await kill('none', `node ${checkout}/dist/pm2-guard.cjs uninstall`);
    for (const at of moments(gone, 4)) {
      await host.must(install());
      await kill(at, `node ${checkout}/dist/pm2-guard.cjs uninstall`);
      await works();
      await host.must(`node ${checkout}/dist/pm2-guard.cjs uninstall`);
      expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
    }
  }, 240_000);
});
