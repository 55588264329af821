import { afterEach, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { difference, snapshot } from './snapshot.ts';

const install = `node ${checkout}/dist/pm2-guard.cjs install`;
const page = '/usr/local/share/man/man8/pm2-guard.8';
const containing = (text: string): string => expect.stringContaining(text) as string;

describeOnHost('the man page and the completion, installed', () => {
  let host: Host;
  const fresh = async (): Promise<void> => {
    host = await createHost();
    await host.write('/etc/pm2-guard/config.yaml', 'daemons:\n  system: { user: root }\n');
  };
  afterEach(() => host.dispose());

  it('are found by man and by the shells of all users, with any umask', async () => {
    await fresh();
    await host.must(`umask 077 && ${install}`);
    expect(await host.must('man -w pm2-guard', { user: 'alice' })).toMatch(
      /^\/usr\/local\/lib\/pm2-guard\/.*share\/pm2-guard\.8\n$/,
    );
    expect(await host.must('man pm2-guard', { user: 'alice' })).toContain('CONFIGURATION');
    expect(
      await host.must(
        'bash -c ". /usr/share/bash-completion/bash_completion; __load_completion pm2-guard && complete -p pm2-guard"',
        { user: 'alice' },
      ),
    ).toContain('_pm2_guard');
    expect(
      await host.must('zsh -fc "autoload -Uz compinit && compinit -D && print \\$_comps[pm2-guard]"', {
        user: 'alice',
      }),
    ).toBe('_pm2-guard\n');
    expect(await host.must('fish -c "complete -C \'pm2-guard unin\'"', { user: 'alice' })).toContain('uninstall');
    // None of the directories that zsh would not read from, as compaudit(1) finds them.
    expect(await host.run('zsh -fc "autoload -Uz compaudit && compaudit"', { user: 'alice' })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('leave no directory behind that was made for them, and keep those in which others have come to live', async () => {
    await fresh();
    const before = await snapshot(host);
    await host.must(install);
    expect(difference(before, await snapshot(host)).new).toEqual(
      expect.arrayContaining([
        containing('/usr/local/share/man/man8 d 755 0:0'),
        containing(`${page} l 777 0:0 /usr/local/lib/pm2-guard/share/pm2-guard.8`),
      ]),
    );
    await host.must(install); // what the first one made is not forgotten
    await host.must('pm2-guard uninstall');
    expect(difference(before, await snapshot(host))).toEqual({ gone: [], new: [] });

    await host.must(install);
    await host.write('/usr/local/share/man/man8/other.8', '');
    await host.must('pm2-guard uninstall');
    expect((await host.tree('/usr/local/share/man')).map(({ path }) => path)).toEqual([
      '/usr/local/share/man',
      '/usr/local/share/man/man8',
      '/usr/local/share/man/man8/other.8',
    ]);
  });

  it("replace no other package's file, and are not put where others than root could change them", async () => {
    await fresh();
    await host.write(page, 'of a package\n');
    await host.must(
      'mkdir -p /usr/local/share/zsh/site-functions && chgrp staff /usr/local/share/zsh/site-functions && chmod ' +
        'g+w /usr/local/share/zsh/site-functions',
    );
    const result = await host.run(install);
    expect(result).toMatchObject({ status: 0, stdout: containing(`left       ${page}  (is not pm2-guard's)`) });
    expect(result.stdout).toContain(
      '/usr/local/share/zsh/site-functions/_pm2-guard  (left out: /usr/local/share/zsh/site-functions is writable ' +
        'by its group (mode 0775))',
    );
    expect(await host.exists('/usr/local/share/zsh/site-functions/_pm2-guard')).toBe(false);
    await host.must('pm2-guard uninstall');
    expect(await host.read(page)).toBe('of a package\n');
  });

  it('has no place in a system without fish', async () => {
    await fresh();
    await host.must('rm -r /etc/fish');
    await host.must(install);
    expect(await host.exists('/etc/fish')).toBe(false);
  });
});
