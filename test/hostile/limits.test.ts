import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const STATE = '/var/lib/pm2-guard';
const CONFIG = `\
default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp], operators: [bob] }
  ops: { user: root, apps: [backup] }
personal: [alice]
`;
const GUARD = '/usr/local/lib/pm2-guard/bin/pm2-guard';
/** Each can be repeated. */
const COMMANDS = ['status', 'doctor --fix --yes', 'sudoers --write', 'seal', 'unseal'];

describeOnHost('too few descriptors, and no space on the disk', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['bob'] });
    await host.installGuard(CONFIG);
    await host.write('/srv/a.js', 'setInterval(() => {}, 1e6);');
  });
  afterAll(() => host.dispose());

  /** Leaves so many pages of 4 KiB on the file system of our state. */
  async function leave(pages: number): Promise<void> {
    await host.must(
      `cp -a ${STATE} /srv/state && mount -t tmpfs -o size=256k,mode=755 tmpfs ${STATE} && ` +
        `cp -a /srv/state/. ${STATE} && ` +
        `mkdir -p -m 700 ${STATE}/adopt && (dd if=/dev/zero of=${STATE}/filler bs=4k count=99 2>/dev/null; ` +
        `truncate -s -${pages * 4096} ${STATE}/filler)`,
    );
  }
  const release = () => host.must(`umount -l ${STATE}; rm -rf /srv/state`);

  it('a call that cannot start the reader of a process file goes on to pm2', async () => {
    await host.write('/root/eco.config.js', 'module.exports = { apps: [{ name: "backup", script: "/srv/a.js" }] };');
    await host.must('pm2 ping', { cwd: '/' });
    for (let most = 22; most < 30; most++) {
      const { stderr } = await host.run(`ulimit -n ${most}; pm2 stop /root/eco.config.js`, { cwd: '/' });
      expect(stderr).not.toContain('this is a bug');
      expect(stderr).not.toMatch(/spawn.* EMFILE[^]*read-process-file/);
    }
  }, 120_000);

  it('a call that asked a daemon needs no more stack than pm2', async () => {
    const alice = { user: 'alice', cwd: '/' };
    await host.must('/usr/bin/pm2 start /srv/a.js --name mine', alice);
    for (const pm2 of ['/usr/bin/pm2', '/usr/local/lib/pm2-guard/bin/pm2'])
      expect(await host.run(`ulimit -s 64; ${pm2} describe mine`, alice)).toMatchObject({ status: 0, stderr: '' });
  });

  /** For doctor --fix to give back. */
  const leftOver = () =>
    host.must('install -o www-data -d /var/www/.pm2 && install -o root /dev/null /var/www/.pm2/pm2.log', { cwd: '/' });

  it.each(COMMANDS)('%s says that its output was lost, after its work', async (command) => {
    if (command.includes('--fix')) await leftOver();
    const { status, stderr } = await host.run(`${GUARD} ${command} >/dev/full`, { cwd: '/' });
    expect(status).toBe(74);
    expect(stderr).toMatch(/^pm2-guard: standard output could not be written, the rest is missing: ENOSPC.*\n$/);
    if (command.includes('--fix')) expect(await host.must('stat -c %U /var/www/.pm2/pm2.log')).toBe('www-data\n');
  });

  it.each(COMMANDS)('%s does its work though its reader ends', async (command) => {
    if (command.includes('--fix')) await leftOver();
    const status = `${GUARD} ${command}; echo $? >/srv/status`;
    expect(await host.run(`(${status}) | true`, { cwd: '/' })).toMatchObject({ status: 0, stderr: '' });
    // doctor finds more on this host than it repairs.
    expect(await host.read('/srv/status')).toBe(command.startsWith('doctor') ? '1\n' : '0\n');
    if (command.includes('--fix')) expect(await host.must('stat -c %U /var/www/.pm2/pm2.log')).toBe('www-data\n');
  });

  it.each([...COMMANDS, 'log', 'install'])('%s names a limit on open files', async (command) => {
    for (const most of [23, 60])
      expect(await host.run(`ulimit -n ${most}; ${GUARD} ${command}`, { cwd: '/' })).toMatchObject({
        status: 1,
        stdout: '',
        stderr:
          'pm2-guard: nothing was done: this shell allows its commands too few open files\n  run:  ulimit -n 1024\n',
      });
  });

  const writing = ['seal', 'sudoers --write', 'init -o /srv/drafted.yaml'];
  it.each(writing)('%s names a limit on the size of files', async (line) => {
    await host.must(`${GUARD} unseal; rm -f /etc/sudoers.d/pm2-guard-operators`, { cwd: '/' });
    const { status, stdout, stderr } = await host.run(`ulimit -f 0; ${GUARD} ${line}`, { cwd: '/' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/ could not be written: it would be longer .*\n {2}run: {2}ulimit -f unlimited\n$/);
    expect(await host.must('ls -A /srv /etc/sudoers.d /var/lib/pm2-guard')).not.toMatch(/\.new|drafted|operators/);
  });

  it('rights are written though the list that only spares questions is not', async () => {
    await leave(0);
    await host.must('echo "# edited" >> /etc/sudoers');
    expect(await host.run('pm2-guard sudoers --write')).toMatchObject({ status: 0, stderr: '' });
    expect(await host.exists('/etc/sudoers.d/pm2-guard-operators')).toBe(true);
    await release();
  });

  it.each([0, 1, 2, 3, 4])('adopt with %i pages for its journal loses no app', async (pages) => {
    const web = { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' }, cwd: '/' };
    await host.must('/usr/bin/pm2 start /srv/a.js --name myapp && /usr/bin/pm2 save', { cwd: '/' });
    await host.must('/usr/bin/pm2 ping', web);
    await leave(pages);
    const { stderr } = await host.run('pm2-guard adopt myapp --yes', { cwd: '/', timeoutMs: 60_000 });
    expect(stderr).not.toContain('this is a bug');
    const apps = [...(await host.apps('/root/.pm2')), ...(await host.apps('/var/www/.pm2'))];
    expect(apps.map(({ name, status }) => [name, status])).toEqual([['myapp', 'online']]);
    expect((await host.tree(`${STATE}/adopt`)).filter(({ type }) => type === 'f')).toEqual([]);
    await release();
    await host.must('/usr/bin/pm2 delete all || true', { cwd: '/' });
    await host.must('/usr/bin/pm2 delete all || true', web);
  }, 120_000);

  it('adopt names a limit on the size of files before it begins', async () => {
    await host.must('/usr/bin/pm2 start /srv/a.js --name myapp', { cwd: '/' });
    const { status, stderr } = await host.run('ulimit -f 4; pm2-guard adopt myapp --yes', { cwd: '/' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/\.journal could not be written: it would be longer .*\n {2}run: {2}ulimit -f unlimited\n$/);
    expect((await host.apps('/root/.pm2')).map(({ name, status: is }) => [name, is])).toEqual([['myapp', 'online']]);
    expect(await host.must(`ls ${STATE}/adopt`)).toBe('');
    await host.must('/usr/bin/pm2 delete all', { cwd: '/' });
  });

  it.each(['/root/.pm2', '/var/www/.pm2'])('adopt names the full disk of %s, and is taken back later', async (full) => {
    const web = { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' }, cwd: '/' };
    await host.must('kill -9 -1; rm -rf /root/.pm2 /var/www/.pm2; mkdir /root/.pm2');
    await host.must('install -d -o www-data /var/www/.pm2');
    await host.must(`mount -t tmpfs -o size=256k,mode=755,uid=$(stat -c %u ${full}) tmpfs ${full}`);
    await host.must('/usr/bin/pm2 start /srv/a.js --name myapp && /usr/bin/pm2 save', { cwd: '/' });
    await host.must('/usr/bin/pm2 ping', web);
    await host.run(`cat /dev/zero >${full}/filler`);
    const first = await host.run('pm2-guard adopt myapp --yes', { cwd: '/', timeoutMs: 60_000 });
    expect(first.status).toBe(1);
    expect(first.stdout + first.stderr).toContain(`${full}/dump.pm2 could not be written: ENOSPC`);
    const apps = [...(await host.apps('/root/.pm2')), ...(await host.apps('/var/www/.pm2'))];
    expect(apps.map(({ name, status }) => [name, status])).toEqual([['myapp', 'online']]);
    await host.must(`rm ${full}/filler`);
    expect(await host.run('pm2-guard adopt --rollback', { cwd: '/' })).toMatchObject({ status: 0 });
    expect((await host.apps('/root/.pm2')).map(({ name, status }) => [name, status])).toEqual([['myapp', 'online']]);
    expect(await host.read('/root/.pm2/dump.pm2')).toContain('"name": "myapp"');
    expect(await host.must(`ls ${STATE}/adopt`)).toBe('');
    await host.must(`kill -9 -1; umount -l ${full}`);
  }, 120_000);
});
