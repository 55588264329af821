import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

/** A name that runs a program where it is pasted without quotes. */
const EVIL = 'v20;touch${IFS}pasted;#';

describeOnHost('commands that root pastes, in places that a user can change', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ users: ['mallory', 'bob'] });
    await host.installGuard('daemons: {web: {user: www-data, home: /var/www/.pm2, apps: [shop]}}\ndefault: web\n');
    await host.must('chmod 755 /home/mallory; install -m 666 /dev/null /tmp/npm');
    await host.write('/usr/local/bin/npm', '#!/bin/sh\necho "$(id -un) $*" >> /tmp/npm\n', { mode: '755' });
  });
  afterAll(() => host.dispose());

  const hers = { user: 'mallory', cwd: '/home/mallory' };
  /** The commands behind `run:`, `then` and `(back: ...)`. */
  const printed = (text: string) =>
    text
      .split('\n')
      .map((line) => /^\s+(?:run:|then)\s+(.*)$/.exec(line)?.[1] ?? /\(back: (.*)\)$/.exec(line)?.[1])
      .filter((line) => line !== undefined);
  const paste = (line: string) => host.exec(['/bin/bash', '-c', line], { cwd: '/root' });

  /** A package of hers whose path is a command, with a bin/pm2 that is not hers. */
  const packageOfHers = async (version: string, name = EVIL): Promise<string> => {
    const directory = `/home/mallory/.nvm/versions/node/${name}/lib/node_modules/pm2`;
    await host.exec(['mkdir', '-p', `${directory}/bin`], hers);
    await host.exec(['cp', `${host.pm2Package}/bin/pm2`, `${directory}/bin/pm2`], hers);
    await host.write(`${directory}/package.json`, JSON.stringify({ name: 'pm2', version }), { owner: 'mallory' });
    return directory;
  };

  it.each(['7.0.4', '7;touch pasted;#'])('seal names a package of version %s by quoted words', async (version) => {
    const directory = await packageOfHers(version);
    await host.exec(['chown', 'root:', `${directory}/bin/pm2`], { cwd: '/' });
    const { stdout, status } = await host.run('pm2-guard seal --user mallory', { cwd: '/' });
    expect(status).toBe(1);
    expect(stdout).toContain('NOT DONE');
    for (const line of printed(stdout)) await paste(line);
    expect(await host.exists('/root/pasted')).toBe(false);
    expect(await host.read('/tmp/npm')).toMatch(/^(mallory install -g --prefix \/home\/mallory\/.*\n)+$/);
  });

  it('a link in place of her package gives her nothing', async () => {
    await host.must('rm -rf /home/mallory/.nvm');
    const directory = await packageOfHers('7.0.4', 'v20.1.0');
    await host.exec(['chown', 'root:', `${directory}/bin/pm2`], { cwd: '/' });
    const { stdout } = await host.run('pm2-guard seal --user mallory', { cwd: '/' });
    await host.must('install -d /srv/kept/node_modules/pm2/bin && touch /srv/kept/node_modules/pm2/bin/pm2');
    await host.exec(['rm', '-rf', directory.replace(/\/node_modules.*$/, '')], { cwd: '/' });
    await host.exec(['ln', '-s', '/srv/kept', directory.replace(/\/node_modules.*$/, '')], hers);
    for (const line of printed(stdout)) await paste(line);
    expect((await host.tree('/srv/kept')).filter(({ owner }) => owner !== 'root')).toEqual([]);
    await host.must('rm -rf /home/mallory/.nvm');
  });

  it.each(['seal', 'unseal'])("%s --user leaves alone the host's pm2 behind a link of hers", async (command) => {
    if (command === 'unseal') await host.must('pm2-guard seal', { cwd: '/' });
    const before = await host.read(`${host.pm2Package}/bin/pm2`);
    await host.must(`mkdir -p .nvm/versions/node/v20.1.0/lib/node_modules`, hers);
    await host.must(`ln -s ${host.pm2Package} .nvm/versions/node/v20.1.0/lib/node_modules/pm2`, hers);
    const { status, stderr } = await host.run(`pm2-guard ${command} --user mallory`, { cwd: '/' });
    expect(stderr).toContain('mallory has no pm2 of a version manager');
    expect(status).toBe(1);
    expect(await host.read(`${host.pm2Package}/bin/pm2`)).toBe(before);
    await host.must('rm -rf /home/mallory/.nvm; pm2-guard unseal', { cwd: '/' });
  });

  it.each(['seal', 'unseal'])('%s --user uses no rights but those of the user it names', async (command) => {
    const directory = await packageOfHers('7.0.4', 'v20.1.0');
    const prefix = '/home/mallory/.nvm/versions/node/v20.1.0';
    await host.must(`chown -R bob: ${directory}`);
    if (command === 'unseal') await host.must(`pm2-guard seal --path ${prefix}`, { cwd: '/' });
    const before = await host.tree(`${directory}/bin`);
    const { status, stdout } = await host.run(`pm2-guard ${command} --user mallory`, { cwd: '/' });
    expect(stdout).toBe(
      `NOT DONE   ${directory}  (no PM2): it is bob's, and --user mallory changes only what is mallory's\n` +
        `  run:  ls -ld ${directory}/bin\n`,
    );
    expect(status).toBe(1);
    expect(await host.tree(`${directory}/bin`)).toEqual(before);
    // The seal is still on record, so that unseal without words finds it.
    if (command === 'unseal')
      expect((await host.run('pm2-guard unseal', { cwd: '/' })).stdout).toMatch(/^unsealed .*, as bob\)$/m);
    await host.must('rm -rf /home/mallory/.nvm', { cwd: '/' });
  });

  it("the socket of another user's daemon is not given to her for one of her own", async () => {
    await host.must('/usr/bin/pm2 ping', hers);
    await host.must('/usr/bin/pm2 ping', { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' }, cwd: '/' });
    await host.must('chown bob /home/mallory/.pm2/rpc.sock');
    const { stdout } = await host.run('pm2-guard doctor --json', { cwd: '/' });
    const { findings } = JSON.parse(stdout) as { findings: { code: string; repair: string[][] }[] };
    const [words = []] = findings.find(({ code }) => code === 'PD101')?.repair ?? [];
    expect(words).toContain('mallory:');
    await host.must('mv .pm2 .pm2-before && ln -s /var/www/.pm2 .pm2', hers);
    await host.exec(words, { cwd: '/' });
    expect(await host.must('stat -c %U /var/www/.pm2/rpc.sock')).toBe('www-data\n');
    await host.must('rm .pm2 && mv .pm2-before .pm2', hers);
    await host.exec(words, { cwd: '/' });
    expect(await host.must('stat -c %U /home/mallory/.pm2/rpc.sock')).toBe('mallory\n');
    await host.must('/usr/bin/pm2 kill; rm -rf .pm2', hers);
  });

  it('what doctor --fix prints to take a change back changes no file behind a link', async () => {
    await host.must('mkdir -p .pm2/logs && echo "[]" > .pm2/dump.pm2 && touch .pm2/touch', hers);
    const saved = [{ name: 'a', pm_exec_path: '/srv/a.js', env: { DB_PASSWORD: 'x' }, pm2_env: {} }];
    await host.write('/home/mallory/.pm2/dump.pm2', JSON.stringify(saved), { owner: 'mallory', mode: '6777' });
    await host.must('chmod 6777 .pm2/dump.pm2', hers);
    await host.write('/home/mallory/.pm2/logs/victim.log', 'x');
    const { stdout } = await host.run('pm2-guard doctor --fix --yes', { cwd: '/' });
    const lines = printed(stdout);
    expect(lines.join('\n')).toMatch(/chmod.*dump\.pm2/);
    expect(lines.join('\n')).toMatch(/victim\.log.*chown/);
    await host.must(
      'install -d /srv/victims/logs; cp /bin/true /srv/victims/dump.pm2; chmod 755 /srv/victims/dump.pm2',
    );
    await host.must('touch /srv/victims/logs/victim.log; chown bob /srv/victims/logs/victim.log');
    await host.must('mv .pm2 .pm2-before && ln -s /srv/victims .pm2', hers);
    for (const line of lines) await paste(line);
    const kept = Object.fromEntries((await host.tree('/srv/victims')).map((file) => [file.path, file]));
    expect(kept['/srv/victims/dump.pm2']).toMatchObject({ mode: '755', owner: 'root' });
    expect(kept['/srv/victims/logs/victim.log']).toMatchObject({ owner: 'bob' });
    await host.must('rm .pm2 && mv .pm2-before .pm2', hers);
    for (const line of lines) await paste(line);
    const back = Object.fromEntries((await host.tree('/home/mallory/.pm2')).map((file) => [file.path, file]));
    expect(back['/home/mallory/.pm2/dump.pm2']).toMatchObject({ mode: '6777', owner: 'mallory' });
    expect(back['/home/mallory/.pm2/logs/victim.log']).toMatchObject({ owner: 'root' });
  });

  it('TAB offers root no name that a shell would run or expand', async () => {
    const plain = ['live-1', 'live/eu:1', 'li\u00f6n'];
    const evil = ['l;touch pasted;#', 'l$(touch pasted)', 'l`touch pasted`', 'l&touch pasted', 'l\ntouch pasted'];
    const others = ['--live', 'l live', '=live', 'l*', '~live', 'l\u202elive'];
    const apps = [...plain, ...evil, ...others].map((name) => ({ name, script: '/bin/sleep', args: '1000' }));
    await host.write('/srv/live.json', JSON.stringify({ apps }));
    const web = { user: 'www-data', env: { PM2_HOME: '/var/www/.pm2' }, cwd: '/' };
    await host.must('/usr/bin/pm2 start /srv/live.json', web);
    expect((await host.apps('/var/www/.pm2')).map(({ name }) => name)).toEqual(expect.arrayContaining(evil));
    // PM2's own script for ~/.bashrc; a person presses Return after the word that it inserts.
    const press = (typed: string) =>
      `COMP_WORDS=(pm2 restart "${typed}"); COMP_CWORD=2; COMP_LINE="pm2 restart ${typed}"; ` +
      'COMP_POINT=${#COMP_LINE}; _pm2_completion; for word in "${COMPREPLY[@]}"; do eval "echo $word"; done';
    const { stdout } = await host.exec(
      ['/bin/bash', '-c', `cd /srv; source <(pm2 completion); ${press('l')}; ${press('')}`],
      { cwd: '/' },
    );
    expect(stdout.split('\n')).toEqual([...[...plain].sort(), ...[...plain, 'shop'].sort(), '']);
    expect(await host.exists('/srv/pasted')).toBe(false);
    await host.must('/usr/bin/pm2 kill', web);
  });
});
