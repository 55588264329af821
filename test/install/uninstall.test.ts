import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';

const LIBRARY = '/usr/local/lib/pm2-guard';
const install = `node ${checkout}/dist/pm2-guard.cjs install`;
const uninstall = `node ${checkout}/dist/pm2-guard.cjs uninstall`;
const CONFIG = 'daemons:\n  system: { user: root }\n';

describeOnHost('uninstall', () => {
  let host: Host;
  afterEach(() => host.dispose());
  const installed = async (): Promise<string[]> => {
    host = await createHost({ prefix: '/usr/local' });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    const before = await snapshot(host);
    await host.must(`${install} --with sudo-shim`);
    return before;
  };

  it('never refuses, whatever is broken', async () => {
    const before = await installed();
    for (const damage of [
      `rm -rf ${LIBRARY}; echo a file > ${LIBRARY}`,
      `rm -rf ${LIBRARY}; ln -s /nowhere ${LIBRARY}`,
      `rm ${LIBRARY}/bin; mkdir ${LIBRARY}/bin`,
      `rm -rf ${LIBRARY}/*/pm2-guard.cjs ${LIBRARY}/install.json ${LIBRARY}/directories`,
      'head -c 20 /dev/urandom > /etc/pm2-guard/config.yaml',
      'rm -rf /etc/pm2-guard',
      'rm -rf /var/lib/pm2-guard /var/cache/pm2-guard; touch /var/lib/pm2-guard',
      'rm /usr/bin/sudo /usr/sbin/visudo',
      'rm -rf /etc/profile.d',
      'chmod 000 /etc/zsh/zshenv /etc/bash.bashrc',
      'mv /usr/local/lib/node_modules /usr/local/lib/away',
      'echo broken > /etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz',
    ]) {
      await host.must(
        `${install} --with sudo-shim > /tmp/out 2>&1 || :; cp -a /etc /srv/etc; cp -a /usr/bin/sudo ` +
          `/usr/sbin/visudo /srv/; ${damage}`,
      );
      const result = await host.run(uninstall);
      expect({ damage, ...result, stdout: result.status === 0 ? '' : result.stdout }).toMatchObject({
        status: 0,
        stdout: '',
        stderr: '',
      });
      await host.must(
        'cp -a /srv/sudo /usr/bin/sudo; cp -a /srv/visudo /usr/sbin/visudo; [ -d /usr/local/lib/node_modules ] || ' +
          'mv /usr/local/lib/away /usr/local/lib/node_modules; rm -f /etc/sudoers.d/zz; mkdir -p /etc/profile.d; for ' +
          'file in /srv/etc/profile.d/*; do case $file in *pm2-guard*) ;; *) cp -a "$file" /etc/profile.d/ ;; esac; ' +
          'done; chmod 644 /etc/zsh/zshenv /etc/bash.bashrc; rm -rf /srv/etc',
      );
      await host.write('/etc/pm2-guard/config.yaml', CONFIG);
      // The directories that were made for man and completion are known by a file that was damaged, too.
      expect(difference(before, await snapshot(host)).gone).toEqual([]);
      expect(
        difference(before, await snapshot(host)).new.filter((line) => !/^\/usr\/local\/share\/\S+ d /.test(line)),
      ).toEqual([]);
    }
  }, 180_000);

  it('takes what it can where something is read-only, names the rest, and can be repeated', async () => {
    const before = await installed();
    await host.must('mount --bind /etc/profile.d /etc/profile.d && mount -o remount,bind,ro /etc/profile.d');
    const result = await host.run(uninstall);
    expect(result).toMatchObject({
      status: 1,
      stderr: '',
      stdout: expect.stringMatching(/problem: \/etc\/profile\.d\/pm2-guard\.sh stays: EROFS/) as string,
    });
    expect(difference(before, await snapshot(host)).new).toEqual([
      expect.stringContaining('/etc/profile.d/pm2-guard.sh f 644'),
      expect.stringMatching(/^[0-9a-f]{64} {2}\/etc\/profile\.d\/pm2-guard\.sh$/),
    ]);
    // What stays does no harm.
    expect(await host.run('su -l alice -c "pm2 ping && sudo -V > /dev/null"')).toMatchObject({ status: 0, stderr: '' });
    await host.must('umount /etc/profile.d');
    expect(await host.run(uninstall)).toMatchObject({ status: 0 });
    await host.must('rm -rf /home/alice/.pm2');
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });
  });

  it('leaves shells that remember where pm2 was with a message of their own, and says what helps', async () => {
    await installed();
    const { stdout, stderr } = await host.run(
      "bash -c 'PATH=/usr/local/lib/pm2-guard/bin:$PATH; pm2 guard-verify > /dev/null; hash -t pm2; sudo " +
        'pm2-guard uninstall | tail -n 1; pm2 ping; echo "status $?"; hash -r; pm2 ping\'',
      { user: 'deploy' },
    );
    expect(stdout).toMatch(
      /^\/usr\/local\/lib\/pm2-guard\/bin\/pm2\nshells that are open already: {2}hash -r\nstatus 127\n[^]*pong/,
    );
    expect(stderr).toMatch(/^bash: line \d+: \/usr\/local\/lib\/pm2-guard\/bin\/pm2: No such file or directory\n$/);
  });
});
