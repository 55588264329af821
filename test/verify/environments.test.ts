// What verify takes for the environment of a way in, against what the real sshd, cron, su and at give.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { verified, wayOf } from './verification.ts';

type Environment = Record<string, string>;
const SSH =
  '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ProxyCommand="/usr/sbin/sshd ' +
  '-i -h /etc/ssh/test_key"';

describeOnHost('the environment of a way in', () => {
  let host: Host;
  const built = mkdtempSync(join(tmpdir(), 'pg-environments-'));
  beforeAll(async () => {
    host = await createHost();
    await bundle({ print: 'test/verify/print-environments.ts' }, built);
    await host.write('/srv/print.cjs', readFileSync(join(built, 'print.cjs')));
    await host.installGuard(
      'default: web\ndaemons:\n  web: {user: www-data, home: /var/www/.pm2, operators: [alice]}\n',
    );
    await host.must('pm2-guard install --without bash'); // which would change PATH in what is asked here, too
    await host.must(`mkdir -p /run/sshd && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/test_key &&
      ssh-keygen -q -t ed25519 -N '' -f /root/key
      for home in /root /home/alice; do
        mkdir -p $home/.ssh && cp /root/key.pub $home/.ssh/authorized_keys && chmod 700 $home $home/.ssh
      done
      chown -R alice: /home/alice`);
  });
  afterAll(async () => {
    rmSync(built, { recursive: true });
    await host.dispose();
  });
  const ours = async (user: string) =>
    JSON.parse(await host.must(`node /srv/print.cjs ${user}`)) as Record<
      'login' | 'ssh' | 'cron' | 'systemd',
      Environment
    >;
  const overSsh = (user: string, command: string) =>
    // Debian's ssh sends it along
    host.must(`ssh ${SSH} -i /root/key ${user}@localhost '${command}'`, { env: { LANG: undefined } });
  /** Without what the shell, a message of the day, and the connection itself bring. */
  const read = (text: string): Environment =>
    Object.fromEntries(
      text
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
        .filter(([name = '']) => !/^(_|PWD|SHLVL|MOTD_SHOWN|TERM|SSH_.*)$/.test(name)),
    ) as Environment;
  const clean = (env: Environment): Environment =>
    Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TERM|SSH_.*)$/.test(name)));

  it.each(['alice', 'root'])('of sshd, as it was built: %s', async (user) => {
    await host.must('rm -f /etc/environment');
    expect(clean((await ours(user)).ssh)).toEqual(read(await overSsh(user, 'env')));
  });

  it('of sshd, with all that PAM can add', async () => {
    await host.write(
      '/etc/environment',
      '# a comment\nPATH="/opt/bin:/usr/local/bin:/usr/bin:/bin"\nexport FOO=foo bar\nQUOTED=\'single\'\n',
    );
    await host.write(
      '/etc/security/pam_env.conf',
      'FROM_CONF DEFAULT=@{HOME}/conf OVERRIDE=${NOT_SET}\nBOTH DEFAULT=a OVERRIDE="b c"\n',
    );
    await host.write('/home/alice/.pam_environment', 'MINE DEFAULT=${PATH}:@{HOME}/bin\nOLD=style\n', {
      owner: 'alice',
    });
    const env = clean((await ours('alice')).ssh);
    expect(env).toEqual(read(await overSsh('alice', 'env')));
    expect(env).toMatchObject({
      PATH: '/opt/bin:/usr/local/bin:/usr/bin:/bin',
      MINE: '/opt/bin:/usr/local/bin:/usr/bin:/bin:/home/alice/bin',
      BOTH: 'b c',
    });
  });

  it('of a login, as su makes one; PATH and SHELL apart, which the shell that is asked has changed', async () => {
    const of = ({ PATH, SHELL, ...env }: Environment): Environment => ({
      ...env,
      asked: String(PATH !== undefined && SHELL !== undefined),
    });
    expect(of(clean((await ours('alice')).login))).toEqual(
      of(read(await host.must('su -s /bin/sh - alice -c env', { env: { LANG: undefined } }))),
    );
  });

  it('of cron: its own PATH, whatever PAM says', async () => {
    await host.write(
      '/etc/cron.d/test',
      '@reboot root /usr/bin/env > /tmp/root.new && mv /tmp/root.new /tmp/root\n@reboot alice /usr/bin/env > ' +
        '/tmp/alice.new && mv /tmp/alice.new /tmp/alice\n',
    );
    await host.must('rm -f /run/crond.reboot');
    const cron = host.start(['/usr/sbin/cron', '-f']);
    for (const user of ['root', 'alice']) {
      await expect.poll(() => host.exists(`/tmp/${user}`), { timeout: 20_000 }).toBe(true);
      expect((await ours(user)).cron).toEqual(read(await host.read(`/tmp/${user}`)));
    }
    cron.kill('SIGTERM');
    await cron.result();
  });

  it("also ssh with a .bashrc, which Debian's bash reads for sshd, and an at job of that shell", async () => {
    await host.must(
      'rm -f /etc/environment /home/alice/.pam_environment; mkdir -p /home/alice/first; ln -s ' +
        '/usr/lib/node_modules/pm2/bin/pm2 /home/alice/first/pm2',
    );
    // An interactive shell takes the alias, a job of at does not.
    await host.must(
      'sed -i "1i PATH=/home/alice/first:\\$PATH\\nalias pm2=/usr/lib/node_modules/pm2/bin/pm2" /home/alice/.bashrc',
    );
    await host.must(`printf 'pm2() {\\n  ~/first/pm2 "$@"\\n}\\n' >> /home/alice/.profile`);
    const found = await verified(host, '--user alice');
    expect(wayOf(found, 'ssh host pm2', 'alice').path).toBe((await overSsh('alice', 'command -v pm2')).trim());
    await host.must('echo "command -v pm2" | bash -lic "at -q z now + 1 hour" 2>/dev/null', { user: 'alice' });
    expect(wayOf(found, 'at job', 'alice').path).toBe(
      (await host.must('at -c "$(atq -q z | cut -f1)" | env -i /bin/sh', { user: 'alice' })).trim(),
    );
    expect(wayOf(found, 'at job', 'alice')).toMatchObject({ state: 'gap', path: '/home/alice/first/pm2' });
    expect(wayOf(found, 'bash, interactive', 'alice').why).toBe('alias: /usr/lib/node_modules/pm2/bin/pm2');
    // The ~ of alice's startup files is alice's, also in a shell that another user starts.
    expect(wayOf(found, 'su - alice -c pm2', 'root')).toMatchObject({
      answers: 'pm2',
      path: '/home/alice/first/pm2',
      why: 'function: pm2 () { ~/first/pm2 "$@" }',
    });
  });
});
