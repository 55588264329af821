import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { joined } from '../regex.ts';

const INSTALL = `node ${checkout}/dist/pm2-guard.cjs install`;

describeOnHost('what the system refuses is said in words, with what to look at', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
  });
  afterAll(() => host.dispose());
  const refused = async (): Promise<string> => {
    const { status, stdout, stderr } = await host.run(INSTALL);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).not.toContain('bug');
    return stderr;
  };

  it('a read-only file system, and again when it is none', async () => {
    await host.must('mount --bind /usr/local/lib /usr/local/lib && mount -o remount,bind,ro /usr/local/lib');
    expect(await refused()).toMatch(
      joined(
        /^pm2-guard: \/usr\/local\/lib\/\S+ could not be written: its file system is read-only\n/,
        / {2}run: {2}findmnt -T \/usr\/local\/\S+\n$/,
      ),
    );
    await host.must('umount /usr/local/lib');
  });

  it('a full one', async () => {
    await host.must('mount -t tmpfs -o size=64k,mode=755 tmpfs /usr/local/lib');
    expect(await refused()).toMatch(
      joined(
        /^pm2-guard: \/usr\/local\/lib\/\S+ could not be written: /,
        /there is no space left on its file system\n {2}run: {2}df -h \/usr\/local\/lib\S*\n$/,
      ),
    );
    await host.must('umount /usr/local/lib');
  });

  it('what only makes calls faster is no problem where it cannot be made', async () => {
    await host.must('mount --bind /var/cache /var/cache && mount -o remount,bind,ro /var/cache');
    const { status, stdout, stderr } = await host.run(INSTALL);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ *left +\/var\/cache\/pm2-guard +\(calls are slower without it: EROFS/m);
    expect((await host.run('pm2 guard-verify')).stdout).toMatch(/^guarded/);
    await host.must('umount /var/cache');
  });

  it('what was refused is done by the next call', async () => {
    expect(await host.run(INSTALL)).toMatchObject({ status: 0, stderr: '' });
    expect((await host.run('pm2 guard-verify')).stdout).toMatch(/^guarded/);
  });
});
