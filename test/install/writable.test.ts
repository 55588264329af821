import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host, type HostOptions } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';

/** A built checkout without its sources, so that nothing is built. */
const release = '/srv/release';
const script = `${release}/install.sh`;
const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost('directories that others than root can write to', () => {
  let host: Host;
  const fresh = async (options: HostOptions = {}): Promise<void> => {
    host = await createHost(options);
    await host.must(`mkdir ${release} && cp -r ${checkout}/install.sh ${checkout}/shims ${checkout}/dist ${release}`);
  };
  afterEach(() => host.dispose());

  it('names all directories that others can write to, with one line that repairs them', async () => {
    await fresh({ prefix: '/usr/local' });
    await host.must(`cd /usr/local
      chgrp staff . bin lib sbin share share/man && chmod 2775 . bin lib sbin share share/man
      touch /etc/staff-group-for-usr-local; chown alice /var/cache
      chmod 777 lib/node_modules; chown -R ops lib/node_modules/pm2`);
    const before = await snapshot(host, { times: true });
    const { status, stdout, stderr } = await host.run(`sudo ${script}`, { user: 'deploy' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(difference(before, await snapshot(host, { times: true }))).toEqual({ gone: [], new: [] });
    const uid = (name: string) => host.account(name).uid;
    expect(stderr.split('\n')).toEqual([
      'pm2-guard: nothing was installed: users other than root can replace files that root would run',
      '  /usr/local is writable by its group (mode 2775)',
      '  /usr/local/bin is writable by its group (mode 2775)',
      '  /usr/local/lib is writable by its group (mode 2775)',
      '  /usr/local/lib/node_modules is writable by all users (mode 0777)',
      `  /usr/local/lib/node_modules/pm2 is owned by uid ${uid('ops')}, not by root`,
      '  /usr/local/sbin is writable by its group (mode 2775)',
      '  /usr/local/share is writable by its group (mode 2775)',
      '  /usr/local/share/man is writable by its group (mode 2775)',
      `  /var/cache is owned by uid ${uid('alice')}, not by root`,
      '  On Debian the group staff may write to /usr/local. New directories there get this group while',
      '  /etc/staff-group-for-usr-local exists. To stop that:  rm /etc/staff-group-for-usr-local',
      expect.stringMatching(/^ {2}fix: {2}sudo chown root /),
      '',
    ]);
    const [, fix = ''] = /^ {2}fix: {2}(.*)$/m.exec(stderr) ?? [];
    expect(fix).toContain('sudo chmod go-w /usr/local /usr/local/bin /usr/local/lib /usr/local/lib/node_modules ');
    await host.must(fix, { user: 'deploy' });
    expect(await host.run(`sudo ${script}`, { user: 'deploy' })).toMatchObject({ status: 0 });
    expect(await host.run('pm2-guard status')).toMatchObject({ status: 0 });
  });

  it('names a pm2 that others can change with all that is wrong on the way to it', async () => {
    await fresh();
    await host.must('cd /usr/lib && chown deploy node_modules && chmod g+w node_modules/pm2/bin node_modules/pm2/lib');
    const { status, stdout } = await host.run(script);
    expect({ status, stdout }).toMatchObject({
      status: 1,
      stdout: containing('/usr/lib/node_modules is owned by uid'),
    });
    const [, fix = ''] = /^ {2}run: {2}(chown .*) && pm2-guard install$/m.exec(stdout) ?? [];
    await host.must(fix);
    expect(await host.run('pm2-guard install')).toMatchObject({ status: 0 });
  });

  it('of a config are all repaired by the line that check prints', async () => {
    await fresh();
    await host.must(`${script} && chmod g+w /etc/pm2-guard /etc/pm2-guard/config.yaml && chmod o+w /etc`);
    const { status, stderr } = await host.run('pm2-guard check');
    expect(status).toBe(78);
    const [, fix = ''] = /: (sudo .*)$/m.exec(stderr) ?? [];
    expect(fix).toBe('sudo chmod go-w /etc /etc/pm2-guard /etc/pm2-guard/config.yaml');
    await host.must(fix, { user: 'deploy' });
    expect(await host.run('pm2-guard check')).toMatchObject({ status: 0 });
  });
});
