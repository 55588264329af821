import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const STATE = '/var/lib/pm2-guard';
const CONFIG = `\
default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp], operators: [bob] }
  ops: { user: root, apps: [backup] }
`;

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
});
