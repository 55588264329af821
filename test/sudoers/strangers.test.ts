import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const LIST = '/var/lib/pm2-guard/no-sudo.json';
const CONFIG = `default: web
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }
`;
const RULE = 'ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2';

/** Users of whom root found that sudo lets them do nothing as the daemon's user. */
describeOnHost('the list of users to whom sudo gives nothing', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['carol', 'dora', 'erik', 'finn'] });
    await host.must(
      'groupadd shipping && groupadd web && groupadd later && groupadd cats && mkdir -p /var/www/.pm2 && ' +
        'chown www-data: /var/www/.pm2',
    );
    const rules = `%shipping ${RULE}\n%later ${RULE}\nDefaults logfile=/var/log/sudo.log\n`;
    await host.write('/etc/sudoers.d/rules', rules, { mode: '440' });
    await host.installGuard(CONFIG);
  });
  beforeEach(() => host.must('pm2-guard check'));
  afterAll(() => host.dispose());

  const list = (user: string) => host.run('pm2 jlist', { user, cwd: '/' });
  const blocked = async (user: string) => {
    expect(await list(user), user).toMatchObject({ status: 126 });
  };
  const isLet = async (user: string) => {
    expect(await list(user), user).toMatchObject({ status: 0, stdout: expect.stringMatching(/\[\]\s*$/) as string });
  };
  /** What sudo wrote into its own log about a user. */
  const alarms = async (user: string) => (await host.run(`grep -c ' ${user} : ' /var/log/sudo.log`)).stdout.trim();

  it('saves an alarm for each call', async () => {
    for (const user of ['alice', 'carol']) await blocked(user);
    expect([await alarms('alice'), await alarms('carol')]).toEqual(['0', '0']);
  });

  describe('does not hold for one who was given a right', () => {
    it('by a group', async () => {
      await blocked('carol');
      await host.must('usermod -aG shipping carol');
      await isLet('carol');
    });

    it('by another primary group', async () => {
      await blocked('dora');
      await host.must('usermod -g shipping dora');
      await isLet('dora');
    });

    it('by a new file of rules', async () => {
      await blocked('erik');
      await host.write('/etc/sudoers.d/erik', `erik ${RULE}\n`, { mode: '440' });
      await isLet('erik');
    });

    it('by a group of the process, which systemd gives to a service', async () => {
      await blocked('finn');
      const { stdout } = await host.run('id -u finn; id -g finn; getent group later');
      const [uid = '', gid = '', group = ''] = stdout.split('\n');
      const call = `setpriv --reuid ${uid} --regid ${gid} --groups ${gid},${group.split(':')[2] ?? ''} -- pm2 jlist`;
      expect(await host.run(call, { cwd: '/', env: { HOME: '/home/finn', USER: 'finn' } })).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/\[\]\s*$/) as string,
      });
    });

    it('by a group of the daemon that rules name', async () => {
      await host.write('/etc/sudoers.d/of-group', `finn ALL=(%cats) NOPASSWD:SETENV: ALL\n`, { mode: '440' });
      await host.must('pm2-guard check');
      await blocked('finn');
      await host.must('usermod -aG cats www-data');
      await isLet('finn');
    });

    it('by a file that a file of rules includes', async () => {
      await host.write('/etc/sudoers.d/outside', '@include /etc/rules-of-ours\n', { mode: '440' });
      await host.write('/etc/rules-of-ours', '# nothing yet\n', { mode: '440' });
      await host.must('pm2-guard check');
      await blocked('alice');
      await host.must(`echo 'alice ${RULE}' >> /etc/rules-of-ours`);
      await isLet('alice');
      await host.must('rm /etc/sudoers.d/outside /etc/rules-of-ours');
    });
  });

  it('holds for the others while groups that are not theirs change', async () => {
    const before = await alarms('alice');
    await host.must('groupadd packages && usermod -aG web finn');
    await blocked('alice');
    expect(await alarms('alice')).toBe(before);
    expect(await host.exists(LIST)).toBe(true);
  });
});
