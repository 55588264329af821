import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { DOCTOR } from '../doctor/doctor.ts';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';

const HOME = '/home/kim/tools/pm2';
const AT_OPEN = `${checkout}/test/hostile/at-open.py`;
const built = mkdtempSync(join(tmpdir(), 'pg-give-'));

describeOnHost('what root left in a PM2_HOME', () => {
  let host: Host;
  const kim = (commandLine: string) => host.must(commandLine, { user: 'kim' });
  /** For each name: null where it was given to kim, else why not. */
  const give = async (names: string[], pm2Home = HOME, more: object = {}) =>
    JSON.parse(
      await host.must('node /tmp/give.cjs', { input: JSON.stringify({ pm2Home, names, user: 'kim', ...more }) }),
    ) as (string | null)[];
  const owner = async (...paths: string[]) => (await host.must(`stat -c %U ${paths.join(' ')}`)).trim().split('\n');
  beforeAll(async () => {
    host = await createHost({ users: ['kim'] });
    await bundle({ give: 'test/hostile/give.ts', 'as-user': 'src/bin/as-user.ts' }, built);
    for (const name of ['give.cjs', 'as-user.cjs']) await host.write(`/tmp/${name}`, readFileSync(join(built, name)));
    await host.write('/home/kim/tools/.keep', '', { owner: 'kim' });
  });
  beforeEach(() => host.must(`install -d -o kim /home/kim/tools ${HOME} ${HOME}/logs ${HOME}/pids`));
  afterEach(() => host.must('rm -rf /home/kim/tools /etc/.pm2'));
  afterAll(async () => {
    await host.dispose();
    rmSync(built, { recursive: true });
  });

  it("becomes its user's: the directory, then what lies in it", async () => {
    await host.must(`rm -r ${HOME}; mkdir -p ${HOME}/logs ${HOME}/modules; cd ${HOME}; touch dump.pm2 pm2.log`);
    const logs = ['logs/shop-out.log', 'logs/shop-error__2026-01-02.log.gz'];
    await host.must(`cd ${HOME} && touch ${logs.join(' ')}`);
    const names = ['.', 'dump.pm2', 'pm2.log', 'logs', ...logs, 'modules'];
    expect(await give(names, HOME, { dry: true })).toEqual(names.map(() => null));
    expect(await owner(HOME, `${HOME}/logs`, `${HOME}/dump.pm2`)).toEqual(['root', 'root', 'root']);
    expect(await give(names)).toEqual(names.map(() => null));
    expect((await host.tree(HOME)).filter((file) => file.owner !== 'kim')).toEqual([]);
    expect(await give(['dump.pm2'])).toEqual([`it belongs to uid ${host.account('kim').uid}, not to root`]);
  });

  it("stays where a directory of root's holds it", async () => {
    await host.must(
      `mkdir -p /etc/.pm2/logs && touch /etc/.pm2/dump.pm2 /etc/.pm2/logs/shop-out.log && chown root ${HOME}`,
    );
    const inRoots = 'the directory that holds it belongs to root, not to kim';
    expect(await give(['.', 'dump.pm2', 'logs', 'logs/shop-out.log'], '/etc/.pm2')).toEqual([
      inRoots,
      inRoots,
      inRoots,
      inRoots,
    ]);
    expect(await give(['.'], '/etc/systemd')).toEqual([inRoots]);
    await host.must(`touch ${HOME}/dump.pm2`);
    expect(await give(['dump.pm2'])).toEqual([inRoots]);
    expect(await owner('/etc/.pm2', '/etc/.pm2/dump.pm2', '/etc/systemd', `${HOME}/dump.pm2`)).toEqual([
      'root',
      'root',
      'root',
      'root',
    ]);
  });

  it('stays where its user may not write in the directory that holds it', async () => {
    await host.must(`touch ${HOME}/dump.pm2 && chmod 555 ${HOME}`);
    expect(await give(['dump.pm2'])).toEqual(['kim may not write in the directory that holds it']);
  });

  it('stays where its user cannot get to it', async () => {
    await host.must(
      'mkdir -p /srv/closed/inner && chmod 700 /srv/closed && install -d -o kim /srv/closed/pm2 /srv/closed/inner/pm2',
    );
    await host.must('touch /srv/closed/pm2/dump.pm2 /srv/closed/inner/pm2/dump.pm2');
    expect(await give(['dump.pm2', '.'], '/srv/closed/pm2')).toEqual([
      'it cannot be opened (EACCES)',
      'the directory that holds it belongs to root, not to kim',
    ]);
    expect(await give(['dump.pm2'], '/srv/closed/inner/pm2')).toEqual(['it cannot be opened (EACCES)']);
    expect(await owner('/srv/closed/pm2/dump.pm2', '/srv/closed/inner/pm2/dump.pm2')).toEqual(['root', 'root']);
  });

  const closed: [what: string, prepare: string, name: string, why: string][] = [
    [
      'a file that only root can read',
      'touch dump.pm2; chmod 600 dump.pm2',
      'dump.pm2',
      'kim may not read it: it may hold secrets of root',
    ],
    [
      'a directory that only root can list',
      'rmdir logs; mkdir -m 700 logs; touch logs/shop-out.log',
      'logs',
      'kim may not read it: it may hold secrets of root',
    ],
    [
      'a directory that only root can enter',
      'rmdir logs; mkdir -m 744 logs; touch logs/shop-out.log',
      'logs',
      'kim may not enter it: it may hold secrets of root',
    ],
    [
      'a directory with a file that only root can read',
      'rmdir logs; mkdir logs; touch logs/shop-out.log; chmod 600 logs/shop-out.log',
      'logs',
      'it holds shop-out.log: kim may not read it: it may hold secrets of root',
    ],
    [
      'a directory with a second name of a file',
      'rmdir pids; mkdir pids; touch /home/first; ln /home/first pids/shop-0.pid',
      'pids',
      'it holds shop-0.pid: it has another name elsewhere',
    ],
    [
      'a directory with a file of a third user',
      'rmdir pids; mkdir pids; install -o alice /dev/null pids/shop-0.pid',
      'pids',
      /^it holds shop-0\.pid, which belongs to uid \d+$/.source,
    ],
    [
      'a directory with files that PM2 does not make',
      'rmdir logs; mkdir logs; touch logs/keys.pem',
      'logs',
      'it holds keys.pem, which PM2 does not make',
    ],
    [
      'a module that root installed',
      'mkdir -p modules/tool/node_modules',
      'modules',
      'it holds tool, which PM2 does not make',
    ],
    [
      'a second name of a file',
      'touch /home/other; ln /home/other module_conf.json',
      'module_conf.json',
      'it has another name elsewhere',
    ],
    ['a FIFO', 'mkfifo pm2.log', 'pm2.log', 'it is no regular file'],
    ['a device', 'mknod touch c 1 3', 'touch', 'it is no regular file'],
    ['a directory with the name of a file', 'mkdir dump.pm2', 'dump.pm2', 'PM2 makes no directory of this name'],
    ['a directory in logs', 'mkdir logs/site.log', 'logs/site.log', 'PM2 makes no directory of this name'],
    ['a file of a name that PM2 does not make', 'touch app.js', 'app.js', 'PM2 makes no file of this name'],
    [
      'a file deeper down',
      'mkdir -p logs/site; touch logs/site/a.log',
      'logs/site/a.log',
      'PM2 makes no file of this name',
    ],
    ['a file above', 'touch ../dump.pm2', '../dump.pm2', 'PM2 makes no file of this name'],
    ['a link', 'ln -s /etc/hostname reload.lock', 'reload.lock', 'it is a symbolic link'],
    [
      'a file behind a link',
      'rmdir logs; ln -s /var/log logs; touch /var/log/shop.log',
      'logs/shop.log',
      'a symbolic link is on the way to it',
    ],
  ];
  it.each(closed)('stays: %s', async (_, prepare, name, why) => {
    await host.must(`cd ${HOME}; ${prepare}`);
    const before = await host.must(`find /home /var/log -printf "%p %u\\n" | sort`);
    const [left] = await give([name]);
    if (why.startsWith('^')) expect(left).toMatch(new RegExp(why));
    else expect(left).toBe(why);
    expect(await give([name], HOME, { dry: true })).toEqual([left]);
    expect(await host.must(`find /home /var/log -printf "%p %u\\n" | sort`)).toBe(before);
    await host.must('rm -f /home/first /home/other /var/log/shop.log');
  });

  it('stays where something else is mounted: a directory, a file', async () => {
    await host.must(`mkdir /srv/library && touch /srv/library/dump.pm2 /srv/one && mount --bind /srv/library ${HOME}`);
    expect(await give(['.'])).toEqual(['something else is mounted there']);
    await host.must(`umount ${HOME} && touch ${HOME}/touch && mount --bind /srv/one ${HOME}/touch`);
    expect(await give(['touch'])).toEqual(['something else is mounted there']);
    expect(await owner('/srv/library', '/srv/one')).toEqual(['root', 'root']);
    await host.must(`umount ${HOME}/touch`);
  });

  it('stays where it was exchanged after it was looked at', async () => {
    await host.must(`touch ${HOME}/dump.pm2 ${HOME}/pm2.log`);
    const [dev, ino] = (await host.must(`stat -c '%d %i' ${HOME}/dump.pm2`)).split(' ').map(Number);
    await kim(`cd ${HOME} && mv dump.pm2 away && mv pm2.log dump.pm2`);
    expect(await give(['dump.pm2'], HOME, { seen: { dev, ino } })).toEqual(['it is another file by now']);
  });

  it("stays root's where a link takes the place of its directory while that is read", async () => {
    await host.must(`rm -r ${HOME}/logs && mkdir ${HOME}/logs && touch ${HOME}/logs/shop-out.log
      mkdir -p /srv/victim && touch /srv/victim/shop-out.log`);
    await kim(`ln -s /srv/victim ${HOME}/link`);
    const attack = host.start(['python3', AT_OPEN, HOME, `${HOME}/logs`, 'logs', 'link', 'kim'], { cwd: '/' });
    await attack.seen(/^ready/);
    expect(await give(['logs', 'logs/shop-out.log'])).toEqual([null, 'a symbolic link is on the way to it']);
    await attack.seen(/^exchanged/m);
    expect(await owner('/srv/victim', '/srv/victim/shop-out.log')).toEqual(['root', 'root']);
    attack.kill('SIGKILL');
    await host.must('rm -r /srv/victim');
  });

  it('loses its set-user-ID bit', async () => {
    await host.must(`install -m 4755 /usr/bin/id ${HOME}/logs/shop-out.log`);
    expect(await give(['logs/shop-out.log'])).toEqual([null]);
    expect(await host.must(`stat -c '%U %a' ${HOME}/logs/shop-out.log`)).toBe('kim 755\n');
  });

  // Units say what their writer wants, and doctor reads them.
  const units: [what: string, file: string, home: string, user: string][] = [
    ['a unit of the system', '/etc/systemd/system/pm2-kim.service', '/etc/.pm2', 'root'],
    ["a unit of kim's own", '/home/kim/.config/systemd/user/site.service', '/etc/update-motd.d', 'kim'],
    [
      "a unit of kim's own, for root's whole directory of programs",
      '/home/kim/.config/systemd/user/site.service',
      '/usr/local/bin',
      'kim',
    ],
  ];
  it.each(units)('is not given by the word of %s', async (_, file, home, writer) => {
    await host.must(`mkdir -p ${home} && touch ${home}/dump.pm2`);
    await host.write(file, `[Service]\nUser=kim\nEnvironment=PM2_HOME=${home}\nExecStart=/usr/bin/pm2 resurrect\n`, {
      owner: writer,
    });
    const { stdout } = await host.run(`${DOCTOR} --fix --yes --json`, { timeoutMs: 60_000 });
    const { done } = JSON.parse(stdout) as { done: { path: string; left: string | null }[] };
    expect(done.filter(({ path, left }) => path.startsWith(home) && left === null)).toEqual([]);
    expect(await owner(home, `${home}/dump.pm2`)).toEqual(['root', 'root']);
    await host.must(`rm ${file} ${home}/dump.pm2`);
  });
});
