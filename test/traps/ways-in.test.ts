// T10, T41 to T44: by which ways `pm2` is called, and who answers. First what happens without us, or past us; then what
// verify says of it; then what it tells to type.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { verified, wayOf } from '../verify/verification.ts';
import { CONFIG, daemonsOn } from './twins.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const PACKAGE = '/usr/lib/node_modules/pm2';
/** What cron(8) gives to a job of root's whose table sets nothing: test/verify/environments.test.ts. */
const CRON = {
  env: {
    HOME: '/root',
    LOGNAME: 'root',
    SHELL: '/bin/sh',
    PATH: '/usr/bin:/bin',
    USER: undefined,
    LANG: undefined,
    PWD: undefined,
  },
};

describeOnHost('T10: pm2 in a prefix that no default PATH holds', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.must(
      `mkdir -p /opt/node/lib/node_modules /opt/node/bin && mv ${PACKAGE} /opt/node/lib/node_modules/ && mv ` +
        '/usr/bin/pm2 /opt/node/bin/pm2',
    );
    await host.must('echo "PATH=/opt/node/bin:\\$PATH" | tee -a /root/.bashrc /home/deploy/.bashrc');
  });
  afterAll(() => host.dispose());

  it('is not found under sudo, by ssh and in cron, so people link a second one', async () => {
    expect(await host.run('bash -ic "pm2 -v"', { user: 'deploy' })).toMatchObject({ status: 0 });
    expect(await host.run('sudo pm2 -v', { user: 'deploy' })).toMatchObject({
      status: 1,
      stderr: 'sudo: pm2: command not found\n',
    });
    expect(
      await host.run('bash -c "pm2 -v"', {
        user: 'deploy',
        env: { SSH_CONNECTION: '127.0.0.1 1 127.0.0.1 22', SSH_CLIENT: '127.0.0.1 1 22' },
      }),
    ).toMatchObject({ status: 127, stderr: containing('pm2: command not found') });
    expect(await host.run('pm2 -v', CRON)).toMatchObject({ status: 127, stderr: containing('pm2: not found') });
  });

  it('the guard is found there; verify shows in which ways nothing is, and what helps', async () => {
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    await host.must('node /usr/src/pm2-guard/dist/pm2-guard.cjs install', {
      env: { PATH: '/opt/node/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    const found = await verified(host, '--user deploy');
    for (const way of ['sudo pm2', 'sudo -u www-data pm2', 'ssh host pm2'])
      expect(wayOf(found, way, 'deploy')).toMatchObject({
        state: 'covered',
        path: expect.stringMatching(/^\/usr\/local\/(sbin|lib\/pm2-guard\/bin)\/pm2$/) as string,
      });
    expect(wayOf(found, 'cron job', 'deploy')).toMatchObject({
      state: 'note',
      answers: 'nothing',
      cures: [containing('sudo crontab -u deploy')],
    });
    // .bashrc has the last word over what /etc/profile made right.
    expect(wayOf(found, 'bash login shell, interactive', 'deploy')).toMatchObject({
      state: 'gap',
      path: '/opt/node/bin/pm2',
      why: "deploy's startup files put /opt/node/bin before the guard",
    });
  });
});

describeOnHost('ways round the shim', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await host.must('touch /.dockerenv');
    await host.installGuard(CONFIG);
  });
  afterAll(() => host.dispose());

  describe('T42: environments that no shell has set', () => {
    it("cron finds the real pm2, and root's job spawns root's daemon", async () => {
      expect(await host.run('pm2 ping', CRON)).toMatchObject({ status: 0, stderr: '' });
      expect(daemonsOn(host)).toEqual(['root /root/.pm2']);
      await host.must('/usr/bin/pm2 kill');
      expect(wayOf(await verified(host, '--user root'), 'cron job', 'root')).toMatchObject({
        state: 'gap',
        answers: 'pm2',
        path: '/usr/bin/pm2',
        version: '7.0.4',
        why: "cron's PATH is /usr/bin:/bin",
        cures: ['sudo pm2-guard seal', containing('crontab -u root')],
      });
    });

    it('a table has a PATH of its own for the lines below it, and can be given ours', async () => {
      await host.write(
        '/etc/cron.d/watchdog',
        'MAILTO=root\n*/5 * * * * www-data pm2 restart myapp || pm2 start myapp\n' +
          "  PATH = '/usr/sbin:/usr/bin'\n0 * * * * ops /usr/bin/pm2 save; true pm2\n",
      );
      await host.must('printf "%s\\n" "PATH=/usr/local/bin:/usr/bin:/bin" "@daily pm2 save" | crontab -u ops -');
      const found = await verified(host, '--user www-data ops');
      const [first, second] = [
        wayOf(found, '/etc/cron.d/watchdog:2', 'www-data'),
        wayOf(found, '/etc/cron.d/watchdog:4', 'ops'),
      ];
      expect(first).toMatchObject({
        state: 'gap',
        answers: 'pm2',
        path: '/usr/bin/pm2',
        why: 'its PATH is /usr/bin:/bin',
      });
      expect(second).toMatchObject({ state: 'gap', why: 'its PATH is /usr/sbin:/usr/bin' });
      // crontab(1) puts three lines of its own above.
      expect(wayOf(found, '/var/spool/cron/crontabs/ops:5', 'ops')).toMatchObject({
        state: 'covered',
        path: '/usr/local/bin/pm2',
      });

      await host.must(second.cures[1] ?? '');
      await host.must(first.cures[1] ?? '');
      const mended = await verified(host, '--user www-data ops');
      for (const [way, user] of [
        ['/etc/cron.d/watchdog:3', 'www-data'],
        ['/etc/cron.d/watchdog:5', 'ops'],
      ] as const)
        expect(wayOf(mended, way, user)).toMatchObject({ state: 'covered', path: '/usr/local/lib/pm2-guard/bin/pm2' });
      await host.must('rm /etc/cron.d/watchdog; crontab -u ops -r');
    });

    it('services find what DefaultEnvironment says', async () => {
      await host.write(
        '/etc/systemd/system.conf.d/path.conf',
        '[Manager]\nDefaultEnvironment="PATH=/usr/bin:/bin" LANG=C\n',
      );
      const gap = wayOf(await verified(host, '--user www-data'), 'systemd service', 'www-data');
      expect(gap).toMatchObject({ state: 'gap', path: '/usr/bin/pm2', why: 'the PATH of services has /usr/bin first' });
      await host.must('rm /etc/systemd/system.conf.d/path.conf');
      const cure = gap.cures[1]?.replace(' && sudo systemctl daemon-reexec', '') ?? ''; // no systemd runs here
      await host.must(cure);
      expect(wayOf(await verified(host, '--user www-data'), 'systemd service', 'www-data')).toMatchObject({
        state: 'covered',
        path: '/usr/local/lib/pm2-guard/bin/pm2',
      });
      await host.must('rm -r /etc/systemd/system.conf.d');
    });

    it('a service has a PATH of its own, and can be given ours', async () => {
      await host.write(
        '/etc/systemd/system/deploy.service',
        '[Service]\nUser=ops\nEnvironment="PATH=/usr/bin:/bin" NODE_ENV=production\nExecStart=/bin/sh -c "pm2 ' +
          'restart backup"\n',
      );
      await host.write(
        '/etc/systemd/system/pm2-ops.service',
        '[Service]\nUser=ops\nEnvironment=PATH=/usr/bin:/bin\nExecStart=/usr/lib/node_modules/pm2/bin/pm2 resurrect\n',
      );
      const found = await verified(host, '--user ops');
      const gap = wayOf(found, 'deploy.service', 'ops');
      expect(gap).toMatchObject({
        state: 'gap',
        answers: 'pm2',
        path: '/usr/bin/pm2',
        why: 'the PATH of deploy.service has /usr/bin first',
      });
      expect(wayOf(found, 'systemd service', 'ops')).toMatchObject({ state: 'covered' });
      // it names a path, and runs as the right user
      expect(found.ways.map(({ way }) => way)).not.toContain('pm2-ops.service');
      await host.must(gap.cures[1]?.replace(' && sudo systemctl daemon-reload', '') ?? '');
      expect(wayOf(await verified(host, '--user ops'), 'deploy.service', 'ops')).toMatchObject({
        state: 'covered',
        path: '/usr/local/lib/pm2-guard/bin/pm2',
      });
      await host.must('rm -r /etc/systemd/system/deploy.service* /etc/systemd/system/pm2-ops.service');
    });

    it('sudo and ssh find what npm has put before us, until it is sealed', async () => {
      await host.must(
        'pm2-guard install --without local-sbin,bash,sudo && mv /usr/local/bin/pm2 /usr/local/bin/.pm2 && ln -s ' +
          '../../lib/node_modules/pm2/bin/pm2 /usr/local/bin/pm2',
      );
      const found = await verified(host, '--user deploy');
      expect(found).toMatchObject({ status: 1, result: 'gaps' });
      expect(wayOf(found, 'sudo pm2', 'deploy')).toMatchObject({
        state: 'gap',
        answers: 'pm2',
        path: '/usr/local/bin/pm2',
        why: 'the PATH of sudo has /usr/local/bin first',
      });
      expect(wayOf(found, 'ssh host pm2', 'deploy')).toMatchObject({
        state: 'gap',
        path: '/usr/local/bin/pm2',
        cures: ['sudo pm2-guard seal', 'sudo pm2-guard install'],
      });
      for (const way of ['env -i sh', 'docker exec'])
        expect(wayOf(found, way, 'deploy')).toMatchObject({ state: 'gap', path: '/usr/local/bin/pm2' });
      // No startup file of a user says anything about it.
      expect(wayOf(found, 'bash, interactive', 'deploy')).toMatchObject({
        state: 'gap',
        why: 'the PATH that it is started with has /usr/local/bin first',
      });
      expect(wayOf(found, 'bash login shell', 'deploy')).toMatchObject({ state: 'covered' });

      await host.must('pm2-guard seal');
      const sealed = await verified(host, '--user deploy --strict');
      expect(sealed).toMatchObject({ status: 0, result: 'covered' });
      for (const way of ['sudo pm2', 'ssh host pm2', 'env -i sh', 'cron job'])
        expect(wayOf(sealed, way, 'deploy')).toMatchObject({ state: 'covered', answers: 'guard' });
      expect(wayOf(sealed, `${PACKAGE}/bin/pm2`, 'root')).toMatchObject({ state: 'covered', answers: 'guard' });
      await host.must(
        'pm2-guard unseal && mv /usr/local/bin/.pm2 /usr/local/bin/pm2 && pm2-guard install --layers default',
      );
      expect(host.daemons()).toEqual([]);
    });
  });

  it('T43: nvm puts its bin before ours when a terminal is opened', async () => {
    const nvm = '/home/alice/.nvm/versions/node/v22.1.0';
    await host.must(
      `mkdir -p ${nvm}/bin ${nvm}/lib/node_modules && cp -a ${PACKAGE} ${nvm}/lib/node_modules/ && ln -s ` +
        `../lib/node_modules/pm2/bin/pm2 ${nvm}/bin/pm2 && ln -s /usr/bin/node ${nvm}/bin/node && chown -R alice: ` +
        '/home/alice/.nvm',
    );
    await host.must(`echo 'export PATH="${nvm}/bin:$PATH"' >> /home/alice/.bashrc`);
    await host.write('/home/alice/.bash_profile', '. ~/.bashrc\n', { owner: 'alice' }); // bash then reads no .profile
    expect(await host.run('bash -lic "pm2 ping"', { user: 'alice' })).toMatchObject({
      status: 0,
      stdout: containing('pong'),
    });
    expect(daemonsOn(host)).toEqual(['alice /home/alice/.pm2']);
    await host.must(`${nvm}/bin/pm2 kill`, { user: 'alice' });

    const found = await verified(host, '--user alice');
    const gap = wayOf(found, 'bash login shell, interactive', 'alice');
    expect(gap).toMatchObject({
      state: 'gap',
      answers: 'pm2',
      path: `${nvm}/bin/pm2`,
      version: '7.0.4',
      why: `alice's startup files put ${nvm}/bin before the guard`,
      cures: ['sudo pm2-guard seal --user alice', containing('/home/alice/.bash_profile')],
    });
    expect(wayOf(found, 'bash login shell', 'alice')).toMatchObject({ state: 'covered' });
    expect(wayOf(found, `${nvm}/lib/node_modules/pm2/bin/pm2`, 'alice')).toMatchObject({
      state: 'note',
      answers: 'pm2',
      cures: ['sudo pm2-guard seal --user alice'],
    });

    await host.must('cp /home/alice/.bashrc /tmp/bashrc');
    const ways = ['bash login shell, interactive', 'bash, interactive'];
    for (const way of ways) await host.must(wayOf(found, way, 'alice').cures[1] ?? '');
    const cured = await verified(host, '--user alice');
    for (const way of ways)
      expect(wayOf(cured, way, 'alice')).toMatchObject({
        state: 'covered',
        path: '/usr/local/lib/pm2-guard/bin/pm2',
      });
    await host.must('cp /tmp/bashrc /home/alice/.bashrc; rm /home/alice/.bash_profile');
    await host.must(gap.cures[0] ?? '');
    expect(wayOf(await verified(host, '--user alice'), 'bash, interactive', 'alice')).toMatchObject({
      state: 'covered',
      path: `${nvm}/bin/pm2`,
    });
    expect(host.daemons()).toEqual([]);
  });

  it('T44: an alias or a function works as before, and verify looks through it', async () => {
    const typed = (line: string) => host.run(`bash -ic '${line}'`, { user: 'ops' });
    await host.must('echo "alias pm2=\'authbind --deep pm2\'" >> /home/ops/.bashrc');
    expect(await typed('pm2 ping')).toMatchObject({ status: 0, stdout: containing('pong') });
    const blocked = containing('(PG101): nothing was run\n  "pm2 restart myapp" as ops would use daemon "ops" ');
    expect(await typed('pm2 restart myapp')).toMatchObject({ status: 126, stderr: blocked });
    expect(daemonsOn(host)).toEqual(['ops /home/ops/.pm2']);
    expect(wayOf(await verified(host, '--user ops'), 'bash, interactive', 'ops')).toMatchObject({
      state: 'covered',
      answers: 'guard',
      why: 'alias: authbind --deep pm2',
    });

    await host.must('echo "alias pm2=/usr/bin/pm2" >> /home/ops/.bashrc');
    expect(wayOf(await verified(host, '--user ops'), 'bash, interactive', 'ops')).toMatchObject({
      state: 'gap',
      answers: 'pm2',
      path: '/usr/bin/pm2',
      why: 'alias: /usr/bin/pm2',
      cures: ['sudo pm2-guard seal'],
    });

    await host.must('printf "%s\\n" "unalias pm2" "pm2() { ssh prod pm2; }" >> /home/ops/.bashrc');
    expect(wayOf(await verified(host, '--user ops'), 'bash, interactive', 'ops')).toMatchObject({
      state: 'unknown',
      why: containing('which is not run to find out'),
    });
    await host.must('pm2 kill', { user: 'ops' });
    await host.must('cp /etc/skel/.bashrc /home/ops/.bashrc');
  });

  it('T41: an app that has a pm2 of its own is shown', async () => {
    await host.must(
      `mkdir -p /srv/app/node_modules/.bin /srv/app/src && cp -a ${PACKAGE} /srv/app/node_modules/pm2 && ln -s ` +
        `../pm2/bin/pm2 /srv/app/node_modules/.bin/pm2 && echo '{"name":"app","version":"1.0.0"}' > ` +
        '/srv/app/package.json && cp /var/www/html/myapp/public_html/server.js /srv/app/src/',
    );
    expect(await host.run('npx --no-install pm2 ping', { cwd: '/srv/app' })).toMatchObject({
      status: 0,
      stdout: containing('pong'),
    });
    expect(daemonsOn(host)).toEqual(['root /root/.pm2']);
    await host.must('npx --no-install pm2 kill', { cwd: '/srv/app' });

    await host.must('pm2 start server.js --name backup', { user: 'ops', cwd: '/srv/app/src' });
    const found = await verified(host, '--user ops');
    const note = wayOf(found, '/srv/app/node_modules/pm2/bin/pm2', 'root');
    expect(note).toMatchObject({
      state: 'note',
      answers: 'pm2',
      version: '7.0.4',
      why: containing("backup has its own: npx pm2 and npm's scripts find it first"),
      cures: ['npm --prefix /srv/app uninstall pm2', 'sudo pm2-guard seal --path /srv/app/node_modules/pm2'],
    });
    await host.must(note.cures[1] ?? '');
    expect(wayOf(await verified(host, '--user ops'), '/srv/app/node_modules/pm2/bin/pm2', 'root')).toMatchObject({
      state: 'covered',
      answers: 'guard',
    });
    await host.must('pm2 kill', { user: 'ops' });
  });
});
