import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Status } from '../../src/install/status.ts';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';
import { difference, snapshot } from './snapshot.ts';

const LOCK = '/var/run/pm2-guard.lock';
const command = (words: string, directory = checkout) => `node ${directory}/dist/pm2-guard.cjs ${words}`;

describeOnHost('two who change an installation at once', () => {
  let host: Host;
  let nothing: string[];
  let whole: string[];
  /** Without the code caches and prepared files: each installation makes them anew. */
  const plain = (lines: string[]) =>
    lines.filter((line) => !/\.code$|(policy|no-sudo)\.json$|\/var\/cache\/pm2-guard\//.test(line));
  const same = (now: string[], then: string[]) =>
    Object.values(difference(plain(then), plain(now))).flat().length === 0;
  /** Both at once, the second some milliseconds later; what each ended with. */
  const both = async (first: string, second: string, later: number) => {
    const { stdout } = await host.run(
      `{ ${first}; echo "exit $?"; } > /tmp/first 2>&1 & sleep ${later / 1000}; { ${second}; echo "exit $?"; } > ` +
        '/tmp/second 2>&1; wait; cat /tmp/first /tmp/second',
      { cwd: '/' },
    );
    return { stdout, ends: stdout.match(/^exit \d+$/gm) };
  };
  beforeAll(async () => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must(
      `mkdir /srv/b && cp -r ${checkout}/dist ${checkout}/shims /srv/b && sed -i 's/"0\\.1\\.0"/"0.2.0"/g' ` +
        '/srv/b/dist/*.cjs',
    );
    nothing = await snapshot(host);
    await host.must(command('install'));
    whole = await snapshot(host);
    await host.must(command('uninstall'));
  });
  afterAll(() => host.dispose());

  it('run one after the other: the second says which process it waits for, and touches nothing', async () => {
    const holder = host.start(
      ['/bin/sh', '-c', `ln -s "$$ $(cut -d" " -f22 /proc/$$/stat)" ${LOCK}; cat`],
      { input: '' },
      true,
    );
    await host.must(`until test -h ${LOCK}; do sleep 0.05; done`);
    const install = host.tty(command('install'));
    await install.seen(/^pm2-guard: pid \d+ of pm2-guard is making changes: waiting for it\r?$/m);
    expect(same(await snapshot(host), nothing)).toBe(true);
    // a command that only reads does not wait
    expect(await host.run(command('install --dry-run'))).toMatchObject({ status: 0, stderr: '' });
    holder.kill('SIGKILL');
    await holder.result();
    expect(await install.result()).toMatchObject({ status: 0 });
    expect(same(await snapshot(host), whole)).toBe(true);
    expect(await host.run(`test -h ${LOCK}`)).toMatchObject({ status: 1 });
  });

  it('install, and install', async () => {
    for (let round = 0; round < 6; round++) {
      await host.must(command('uninstall'));
      const { stdout, ends } = await both(
        command('install'),
        command('install', round % 2 === 0 ? checkout : '/srv/b'),
        round * 40,
      );
      expect(ends, stdout).toEqual(['exit 0', 'exit 0']);
      expect((JSON.parse((await host.run('pm2-guard status --json')).stdout) as Status).problems).toEqual([]);
      await host.must('pm2 guard-verify', { user: 'www-data', cwd: '/' });
    }
  });

  it('install, and uninstall: all of it is there, or nothing', async () => {
    for (let round = 0; round < 6; round++) {
      const { stdout, ends } = await both(command('install'), command('uninstall'), round * 60);
      expect(ends, stdout).toEqual(['exit 0', 'exit 0']);
      const now = await snapshot(host);
      expect(
        [whole, nothing].some((one) => same(now, one)),
        difference(whole, now).gone.join('\n'),
      ).toBe(true);
    }
  });

  const SITE = '/srv/site.js';
  const stray = async () => {
    await host.must(command('install'));
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.write(SITE, 'setInterval(() => {}, 1000);');
    await host.must(`kill -9 -1; rm -rf /root/.pm2 /var/www/.pm2; install -d -o www-data /var/www/.pm2`);
    await host.must(`PM2_GUARD=off /usr/bin/pm2 start ${SITE} --name myapp`, { cwd: '/' });
  };

  const adoptUntilStopped = async () => {
    const adopt = host.start(['pm2-guard', 'adopt', '--yes', 'myapp']);
    await host.must(`until grep -q '"step":"stop"' /var/lib/pm2-guard/adopt/*.journal; do :; done 2>/dev/null`);
    return adopt;
  };

  it('all that write wait for each other', async () => {
    await stray();
    await host.must('install -d -o www-data /var/www/.pm2/logs && touch /var/www/.pm2/logs/old-out.log'); // for doctor
    const holder = host.start(
      ['/bin/sh', '-c', `ln -s "$$ $(cut -d" " -f22 /proc/$$/stat)" ${LOCK}; cat`],
      { input: '' },
      true,
    );
    await host.must(`until test -h ${LOCK}; do sleep 0.05; done`);
    const others = ['adopt --yes myapp', 'doctor --fix --yes', 'sudoers --write', 'seal', 'unseal', 'uninstall'].map(
      (words) => host.tty(command(words)),
    );
    for (const other of others)
      await other.seen(/^pm2-guard: pid \d+ of pm2-guard is making changes: waiting for it\r?$/m);
    holder.kill('SIGKILL');
    await holder.result();
    for (const other of others) await other.result();
    expect(await host.run(`test -h ${LOCK}`)).toMatchObject({ status: 1 });
  });

  it('adopt, and uninstall: the app is moved to the end, and then nothing is left of the guard', async () => {
    await stray();
    const adopt = await adoptUntilStopped();
    const { stdout } = await host.run(command('uninstall'));
    expect(await adopt.result()).toMatchObject({ status: 0 });
    expect(stdout).not.toMatch(/journal|refused/);
    expect((await host.apps('/var/www/.pm2')).map(({ name, status }) => `${name} ${status}`)).toEqual([
      'myapp online',
    ]);
    expect(await host.exists('/var/lib/pm2-guard')).toBe(false);
  });

  it('an adoption that was cut off outlives an uninstall, and is finished by the next build', async () => {
    await stray();
    const adopt = await adoptUntilStopped();
    adopt.kill('SIGKILL');
    await adopt.result();
    const { status, stdout } = await host.run(command('uninstall'));
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/^ {2}left {7}\/var\/lib\/pm2-guard\/adopt\/\S+\.journal \(an app was being moved/m);
    expect(await host.must('ls /var/lib/pm2-guard')).toBe('adopt\n');
    await host.must(command('install'));
    await host.must('pm2-guard adopt --resume');
    expect((await host.apps('/var/www/.pm2')).map(({ name, status: is }) => `${name} ${is}`)).toEqual(['myapp online']);
  });
});
