import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { joined } from '../regex.ts';

/**
 * The record never delays, changes or fails a call: where a shell starts logger (24), and where node forks it (22).
 */
describe('the record', () => {
  for (const node of ['24', '22'] as const) suite(node);
});

/** What a caller without rights is told. */
const MESSAGE = new RegExp(
  '^pm2-guard: blocked \\(PG101\\): nothing was run\n' +
    ' {2}"pm2 restart watch" is not for (alice|crowded) to run\\.\n[^]*\n {2}details: {2}pm2-guard explain PG101\n$',
);

function suite(node: '22' | '24'): void {
  describeOnHost(`node ${node}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ node });
      await host.must('useradd --uid 54321 crowded');
      await host.installGuard(
        'default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }\n  ops: { user: ' +
          'ops, apps: [watch], mode: block }\n',
      );
      await host.must('cp -p /usr/bin/logger /opt/logger && pm2 ping');
    });
    beforeEach(() => host.must('rm -rf /usr/bin/logger && cp -p /opt/logger /usr/bin/logger && rm -rf /tmp/log'));
    afterEach(() => host.must('pkill -x sleep; true'));
    afterAll(() => host.dispose());

    const logger = (script: string) => host.write('/usr/bin/logger', `#!/bin/sh\n${script}\n`, { mode: '755' });
    /** A blocked call, then a rewritten one: both as if there were no record at all. */
    const unharmed = async () => {
      const blocked = await host.exec(['/usr/local/bin/pm2', 'restart', 'watch'], { user: 'alice', timeoutMs: 5000 });
      expect(blocked).toMatchObject({
        status: 126,
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(MESSAGE) as string,
      });
      const ping = await host.exec(['/usr/local/bin/pm2', 'ping'], { timeoutMs: 5000 });
      const said = { stdout: "{ msg: 'pong' }\n", stderr: rewritten('pm2 ping', null) };
      expect(ping).toMatchObject({ status: 0, signal: null, ...said });
    };

    it('without a log to write to (/dev/log is not there)', unharmed);
    it.each([
      ['without logger', 'rm /usr/bin/logger'],
      ['with a logger that is a directory', 'rm /usr/bin/logger && mkdir /usr/bin/logger'],
      ['with a logger that may not be run', 'chmod 600 /usr/bin/logger'],
      ['with a logger that is no program', 'head -c 1000 /dev/urandom > /usr/bin/logger'],
    ])('%s', async (_, prepare) => {
      await host.must(prepare);
      await unharmed();
    });
    it('with a logger that fails, and talks', async () => {
      await logger('echo out; echo err >&2; exit 3');
      await unharmed();
    });
    it('with a logger that hangs, which holds neither output nor locks nor directories of the call', async () => {
      await logger('exec sleep 1000');
      await unharmed();
      await host.must('mkdir -p /opt/there && mount -t tmpfs none /opt/there && chmod 777 /opt/there');
      const { status } = await host.run('exec 9> /tmp/lock; flock 9; cd /opt/there; pm2 restart watch 2>&1 | cat', {
        user: 'alice',
        timeoutMs: 5000,
      });
      expect(status).toBe(0);
      await host.must('pgrep -x sleep');
      await host.must('flock -n /tmp/lock true && umount /opt/there');
    });
    it('with no process left to fork', async () => {
      await logger('echo "$@" >> /tmp/log');
      // Under a limit on a user's processes, threads included, from where node itself can start just so. It holds for
      // the uid on the whole machine (setrlimit(2)): one that no other host has.
      const limited = (limit: number, ...command: string[]) =>
        host.exec(
          [
            '/usr/bin/setpriv',
            '--reuid',
            '54321',
            '--regid',
            '54321',
            '--clear-groups',
            '/usr/bin/prlimit',
            `--nproc=${limit}`,
            ...command,
          ],
          { timeoutMs: 20_000, env: { HOME: '/tmp' } },
        );
      // node 22 and 24 start with 7 and cannot fork with 8; a node that hangs for want of threads is not soon gone
      let enough = 8;
      while (
        enough < 20 &&
        (
          await limited(
            enough,
            '/usr/bin/timeout',
            '-s',
            'KILL',
            '3',
            '/usr/bin/node',
            '-e',
            'setTimeout(() => {}, 20)',
          )
        ).status !== 0
      )
        enough++;
      for (const limit of [enough, enough + 1, enough + 2]) {
        expect(await limited(limit, '/usr/local/bin/pm2', 'restart', 'watch')).toMatchObject({
          status: 126,
          stdout: '',
          stderr: expect.stringMatching(MESSAGE) as string,
        });
      }
    }, 120_000);
    it('with no process left once node has become a shell', async () => {
      await logger('echo "$@" >> /tmp/log');
      // The shell that is asked to start logger may not fork.
      await host.must('cp -L /bin/sh /opt/sh && cp /opt/sh /opt/real-sh');
      await host.write(
        '/opt/sh',
        '#!/opt/real-sh\ncase "$1 $2" in "-c "*trap*) ulimit -p 1 2>/dev/null || ulimit -u 1 ;; esac\n' +
          'exec /opt/real-sh "$@"\n',
        { mode: '755' },
      );
      await host.must('mount --bind /opt/sh "$(readlink -f /bin/sh)"');
      const result = await host.exec(['/usr/local/bin/pm2', 'restart', 'watch'], { user: 'alice', timeoutMs: 10_000 });
      await host.exec(['/opt/real-sh', '-c', 'umount "$(readlink -f /bin/sh)"']);
      expect(result).toMatchObject({
        status: 126,
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(MESSAGE) as string,
      });
      if (node === '24') expect(await host.exists('/tmp/log')).toBe(false);
    });
    it('is told where node warns of what is deprecated, without a warning', async () => {
      await logger('echo "$@" > /tmp/log.new; mv /tmp/log.new /tmp/log');
      const options = { user: 'alice', env: { NODE_PENDING_DEPRECATION: '1' } };
      const blocked = await host.exec(['/usr/local/bin/pm2', 'restart', 'watch'], options);
      expect(blocked).toMatchObject({ status: 126, stdout: '', stderr: expect.stringMatching(MESSAGE) as string });
      await host.must('for i in $(seq 100); do test -s /tmp/log && exit 0; sleep 0.05; done; exit 1');
    });
    it('tells logger one short line of printable characters, and nothing of the environment', async () => {
      await logger('printf "%s\\n" "$#" "$@" > /tmp/log.new; env >> /tmp/log.new; mv /tmp/log.new /tmp/log');
      await host.exec(
        ['/usr/local/bin/pm2', 'restart', 'watch', 'a\nb\x1b[2J\u202e', '--', '--token', 'x'.repeat(100_000)],
        { user: 'alice', env: { SECRET: 'hunter2' } },
      );
      await host.must('for i in $(seq 100); do test -s /tmp/log && exit 0; sleep 0.05; done; exit 1');
      const [count, ...words] = (await host.read('/tmp/log')).split('\n');
      expect([count, ...words.slice(0, 5)]).toEqual(['6', '-p', 'auth.notice', '-t', 'pm2-guard', '--']);
      expect(words[5]).toMatch(
        joined(
          /^block caller=alice login=- home=\/home\/alice\/\.pm2 cwd=\/home\/alice rule=PG101 /,
          /daemon=ops user=ops command="pm2 restart watch 'a\\x0ab\\x1b\[2J\\u202e' -- --token /,
          /x+"\.\.\.$/,
        ),
      );
      expect(Buffer.byteLength(words[5] ?? '')).toBeLessThanOrEqual(940);
      expect(words.join('\n')).not.toContain('hunter2');
    });
  });
}
