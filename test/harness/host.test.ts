import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from './describe.ts';
import { createHost, type Host } from './host.ts';

describeOnHost('a throwaway host', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
  });
  afterAll(() => host.dispose());
  const says = async (commandLine: string, options = {}) => (await host.run(commandLine, options)).stdout.trim();

  it('changes nothing outside', async () => {
    const before = readFileSync('/etc/passwd', 'utf8');
    await host.must(
      'useradd -m visitor; touch /etc/seen /usr/bin/seen /usr/local/bin/seen /var/lib/seen /opt/seen /tmp/seen ' +
        '/srv/seen /root/seen',
    );
    expect(readFileSync('/etc/passwd', 'utf8')).toBe(before);
    for (const place of ['/etc', '/usr/bin', '/usr/local/bin', '/var/lib', '/opt', '/tmp', '/srv', '/root'])
      expect(existsSync(`${place}/seen`)).toBe(false);
  });

  it('cannot write to the checkout', async () => {
    expect((await host.run('touch /usr/src/pm2-guard/seen')).stderr).toContain('Read-only file system');
  });

  it('has the users that a server has', async () => {
    expect(await says('getent passwd www-data')).toBe('www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin');
    for (const user of ['deploy', 'ops', 'alice'])
      expect(await says('id -un; id -Gn; echo $HOME; pwd', { user })).toBe(
        `${user}\n${user}\n/home/${user}\n/home/${user}`,
      );
    expect((await host.run('id', { user: 'www-data', login: true })).stdout).toContain(
      'This account is currently not available.',
    );
  });

  it('has the real sudo with the sudoers that Debian ships', async () => {
    expect(await says('sudo -u www-data id -un', { user: 'deploy' })).toBe('www-data');
    expect((await host.run('sudo -n id', { user: 'alice' })).status).toBe(1);
    expect(await says('sudo -n printenv FOO HOME PATH', { user: 'deploy', env: { FOO: 'foo' } })).toBe(
      '/root\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
  });

  it("has a real PM2, owned by root in directories that are root's alone", async () => {
    expect(await says('readlink -f /usr/bin/pm2; which pm2')).toBe('/usr/lib/node_modules/pm2/bin/pm2\n/usr/bin/pm2');
    const files = await host.tree('/usr/lib/node_modules');
    expect(
      files.filter(({ owner, type, mode }) => owner !== 'root' || (type !== 'l' && (parseInt(mode, 8) & 0o022) !== 0)),
    ).toEqual([]);
  });

  it.each([18, 20, 22, 24, 26] as const)("can have node %i, and PM2 where Debian's npm puts it", async (node) => {
    await using other = await createHost({ node, prefix: '/usr/local', pm2: '5.4.3' });
    expect(
      (
        await other.run(
          'node -p "process.versions.node.split(\'.\')[0]"; command -v npm; readlink -f "$(command -v pm2)"; test ' +
            '-e /usr/lib/node_modules/pm2 || echo nowhere else',
        )
      ).stdout,
    ).toBe(`${node}\n/usr/bin/npm\n/usr/local/lib/node_modules/pm2/bin/pm2\nnowhere else\n`);
  });

  it('gives a command its exit status, its signal, its input', async () => {
    expect(await host.run('exit 7')).toMatchObject({ status: 7, signal: null });
    expect(await host.run('kill -TERM $$')).toMatchObject({ status: null, signal: 'SIGTERM' });
    expect(await says('cat', { input: 'héllo' })).toBe('héllo');
  });

  it('has real terminals', async () => {
    const terminal = host.tty('tty; stty size; cat', { user: 'www-data' });
    await terminal.seen(/40 120/);
    // Typed, echoed, and read: a Ctrl-C while dash is about to start cat would be lost.
    terminal.type('hello\n');
    await terminal.seen(/hello\r\nhello\r\n/);
    terminal.type('\x03');
    expect(await terminal.result()).toMatchObject({
      status: 130,
      stdout: expect.stringMatching(/^\/dev\/pts\/\d/) as string,
    });
  });

  it('shows daemons and apps without asking pm2', async () => {
    await host.must('pm2 start server.js --name seen', {
      user: 'www-data',
      cwd: '/var/www/html/myapp/public_html',
      env: { PM2_HOME: '/var/www/.pm2', MARK: 'mark' },
    });
    expect(host.daemons()).toMatchObject([{ uid: 33, home: '/var/www/.pm2' }]);
    expect(await host.apps('/var/www/.pm2')).toMatchObject([
      { name: 'seen', status: 'online', uid: 33, env: { MARK: 'mark' } },
    ]);
    expect(await host.apps('/root/.pm2')).toEqual([]);
  });

  it('ends with every process in it', async () => {
    const other = await createHost({ pm2: null });
    await other.must('setsid sleep 1000 & setsid sleep 1000 &');
    const namespace = namespaceOf(String(other.init));
    expect(inside(namespace).length).toBeGreaterThan(2);
    await other.dispose();
    expect(inside(namespace)).toEqual([]);
  });

  it('ends when the tests are killed', async () => {
    const script = `require('${import.meta.dirname}/host.ts').createHost({ pm2: null }).then((host) => {
      console.log(host.init);
      setInterval(() => {}, 1000);
    })`;
    const runner = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const init = await new Promise<string>((resolve) =>
      runner.stdout.once('data', (chunk: Buffer) => {
        resolve(chunk.toString().trim());
      }),
    );
    const namespace = namespaceOf(init);
    expect(inside(namespace)).toContain(init);
    runner.kill('SIGKILL');
    await expect.poll(() => inside(namespace)).toEqual([]);
  });
});

function inside(namespace: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(pid) === namespace);
}

/** Empty where the process has ended. */
function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return '';
  }
}
