import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordLine } from '../../src/log/line.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host, type RunOptions } from '../harness/host.ts';
import { startBusyboxSyslogd, startJournald, startRsyslog } from './syslog.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const config = `default: web
bypass: anyone
daemons:
  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }
  ops: { user: ops, apps: [watch], mode: block }
`;

interface Shown {
  time: string;
  verdict: string;
  caller: string;
  login: string | null;
  daemon: string | null;
  user: string | null;
  rule: string;
  command: string;
  cut: boolean;
  apps: string[];
}

async function log(host: Host, options = '', run: RunOptions = {}): Promise<Shown[]> {
  const { stdout, stderr, status } = await host.run(`pm2-guard log --json ${options}`, run);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Shown[];
}

/** logger is not waited for, and what it was told comes late on a busy machine. */
async function logOf(host: Host, lines: number): Promise<Shown[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { stdout, status } = await host.run('pm2-guard log --json -n 1000');
    if (status === 0 && (JSON.parse(stdout) as Shown[]).length >= lines) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return log(host, '-n 1000');
}

const daemons: [string, (host: Host) => Promise<void>, string][] = [
  ['journald', startJournald, 'the journal'],
  ['rsyslog', (host) => startRsyslog(host, 'RSYSLOG_FileFormat'), '/var/log/auth.log'],
  ['rsyslog, traditional', (host) => startRsyslog(host, 'RSYSLOG_TraditionalFileFormat'), '/var/log/auth.log'],
  ['busybox syslogd', startBusyboxSyslogd, '/var/log/messages'],
];

describeOnHost('pm2-guard log', () => {
  describe.each(daemons)('of the real %s', (_, start, source) => {
    let host: Host;
    let since: number;
    beforeAll(async () => {
      host = await createHost();
      await host.installGuard(config);
      since = Date.now();
      await start(host);
    });
    afterAll(() => host.dispose());

    it('is empty at first', async () => {
      const { status, stdout, stderr } = await host.run('pm2-guard log');
      expect(stdout).toBe('');
      // busybox makes its file with its first line; rsyslog makes auth.log when it first has something for it.
      expect([status, stderr.split(source)[0]]).toEqual(
        stderr.includes(source) ? [0, 'pm2-guard: nothing to show in '] : [status, stderr],
      );
    });

    it('has each rewrite, block and bypass, with who, what and whose', async () => {
      await host.run('sudo pm2 ping', { user: 'deploy', cwd: '/srv' });
      await logOf(host, 1);
      await host.run('pm2 restart watch "two words" \'quo"te\'', { user: 'alice' });
      await logOf(host, 2);
      await host.run('PM2_GUARD=off pm2 --version', { user: 'alice' });
      const entries = await logOf(host, 3);
      expect(entries).toMatchObject([
        {
          verdict: 'rewrite',
          caller: 'root',
          login: 'deploy',
          home: '/root/.pm2',
          cwd: '/srv',
          daemon: 'web',
          user: 'www-data',
          rule: '/etc/pm2-guard/config.yaml:4',
          command: 'pm2 ping',
          cut: false,
          apps: [],
        },
        {
          verdict: 'block',
          caller: 'alice',
          login: null,
          home: '/home/alice/.pm2',
          rule: containing('PG'),
          apps: ['watch', 'two words', 'quo"te'],
        },
        { verdict: 'bypass', caller: 'alice', rule: 'PM2_GUARD=off', daemon: null, command: 'pm2 --version' },
      ]);
      for (const { time } of entries) expect(Math.abs(new Date(time).getTime() - since)).toBeLessThan(120_000);
    });

    it('is not confused by what users type or write', async () => {
      const before = (await log(host, '-n 1000')).length;
      const forged = 'x" caller=root login=- user=root command="pm2 kill';
      await host.exec(
        [
          '/usr/local/bin/pm2',
          'restart',
          'watch',
          forged,
          'a\nNov 22 15:07:32 debian pm2-guard: block caller=root\x1b[2J',
          'ü'.repeat(3000),
        ],
        { user: 'alice' },
      );
      const entries = await logOf(host, before + 1);
      expect(entries).toHaveLength(before + 1);
      const last = entries.at(-1);
      expect(last).toMatchObject({ verdict: 'block', caller: 'alice', login: null, cut: true });
      expect(last?.command).toContain('caller=root login=- user=root command=');
      expect(last?.command).toContain('a\nNov 22 15:07:32 debian pm2-guard: block caller=root\x1b[2J');
      const shown = await host.run('pm2-guard log');
      expect(shown.stdout).not.toContain('\x1b');
      expect(shown.stdout.trimEnd().split('\n')).toHaveLength(before + 1);
      // Lines of others, with our tag and without sense, or with another tag and our words.
      await host.must(
        `logger -t pm2-guard -p auth.notice 'rewrite caller=deploy'; logger -t other -p auth.notice 'pm2-guard: ` +
          `${recordLine('block', { caller: 'x', login: null, home: '/', cwd: null, rule: 'r', command: 'c' })}'`,
      );
      await host.must(
        'for i in $(seq 100); do pm2-guard log 2>&1 | grep -q "is no record" && exit 0; sleep 0.1; done; exit 1',
      );
      expect(await host.run('pm2-guard log -n 1000')).toMatchObject({
        status: 0,
        stderr: `pm2-guard: a line of ${source} under this tag is no record, and left out\n`,
      });
      expect(await log2(host)).toHaveLength(before + 1);
    });

    it('is filtered by number, app, user, verdict and time', async () => {
      const all = await log2(host);
      expect(await log2(host, '-n 1')).toEqual(all.slice(-1));
      expect((await log2(host, '--app watch')).length).toBe(all.filter(({ apps }) => apps.includes('watch')).length);
      expect(await log2(host, '--app wat')).toEqual([]);
      expect((await log2(host, '--user deploy')).map(({ command }) => command)).toEqual(['pm2 ping']);
      expect((await log2(host, '--verdict bypass --user alice')).map(({ command }) => command)).toEqual([
        'pm2 --version',
      ]);
      expect(await log2(host, '--since 1h')).toEqual(all);
      expect(await log2(host, '--since 2100-01-01')).toEqual([]);
    });

    it('says which users cannot read it, and what to type', async () => {
      const { status, stdout, stderr } = await host.run('pm2-guard log --app "my app" -n 3', { user: 'alice' });
      // busybox's log may be read by all.
      if (source === '/var/log/messages') expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
      else
        expect({ status, stdout, stderr }).toEqual({
          status: 1,
          stdout: '',
          stderr:
            `pm2-guard: you may not read ${source}, or not all of it\n  run:  sudo pm2-guard log --app 'my app' -n ` +
            `3\n`,
        });
    });
  });

  /** As log, where lines that are no record are known to be there. */
  async function log2(host: Host, options = '-n 1000'): Promise<Shown[]> {
    return JSON.parse((await host.run(`pm2-guard log --json ${options}`)).stdout) as Shown[];
  }

  describe('of files', () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost();
      await host.installGuard(config);
      await host.must(
        'rm -f /usr/bin/journalctl /var/log/auth.log* /var/log/syslog* /var/log/messages* /var/log/secure*',
      );
    });
    afterAll(() => host.dispose());
    const entry = (command: string) =>
      recordLine('block', { caller: 'alice', login: null, home: '/', cwd: '/', rule: 'PG101', command });

    it('says that there is none', async () => {
      expect(await host.run('pm2-guard log')).toMatchObject({
        status: 1,
        stdout: '',
        stderr: containing('there is no system log on this host'),
      });
    });
    it('goes back through rotated and packed ones, in order, and no further than asked', async () => {
      const lines = (from: number, to: number) =>
        Array.from(
          { length: to - from + 1 },
          (_, index) =>
            `2026-01-02T00:00:00.${String(from + index).padStart(6, '0')}+00:00 debian pm2-guard: ` +
            `${entry(`pm2 restart app${from + index}`)}\n`,
        ).join('');
      await host.write('/var/log/auth.log.2', lines(1, 3));
      await host.must('gzip /var/log/auth.log.2');
      await host.write('/var/log/auth.log.1', lines(4, 6));
      await host.write(
        '/var/log/auth.log',
        `${lines(7, 8)}${'2026-01-02T00:00:01+00:00 debian CRON[1]: noise\n'.repeat(60_000)}${lines(9, 9)}`,
      );
      await host.write('/var/log/auth.log.old', lines(90, 99));
      const shown = async (options: string) => (await log(host, options)).flatMap(({ apps }) => apps).join(' ');
      expect(await shown('-n 100')).toBe('app1 app2 app3 app4 app5 app6 app7 app8 app9');
      expect(await shown('-n 2')).toBe('app8 app9');
      expect(await shown('-n 5 --app app2')).toBe('app2');
      await host.must('rm /var/log/auth.log*');
    });
    it("knows Red Hat's names, years that are not written, and damaged archives", async () => {
      const now = new Date();
      const month = (ahead: number) =>
        new Date(now.getTime() + ahead * 864e5).toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
      const day = (ahead: number) => String(new Date(now.getTime() + ahead * 864e5).getUTCDate()).padStart(2);
      await host.write(
        '/var/log/secure',
        `${month(-2)} ${day(-2)} 03:04:05 web1 pm2-guard[77]: ${entry('pm2 restart b')}\n`,
      );
      await host.write('/var/log/secure-20260101.gz', 'this is no archive');
      await host.write(
        '/var/log/secure-20251201',
        `${month(20)} ${day(20)} 03:04:05 web1 pm2-guard: ${entry('pm2 restart a')}\n`,
      );
      const entries = await log(host, '', { env: { TZ: 'UTC' } });
      expect(entries.map(({ apps, time }) => `${apps.join()} ${time.slice(0, 4)}`)).toEqual([
        `a ${new Date(now.getTime() + 20 * 864e5).getUTCFullYear() - 1}`,
        `b ${new Date(now.getTime() - 2 * 864e5).getUTCFullYear()}`,
      ]);
      await host.must('rm /var/log/secure*');
    });
    it('a table on a terminal, in colours unless NO_COLOR, plain lines elsewhere', async () => {
      const record = recordLine('rewrite', {
        caller: 'root',
        login: 'deploy',
        home: '/root/.pm2',
        cwd: '/',
        rule: '/etc/pm2-guard/config.yaml:4',
        daemon: 'web',
        user: 'www-data',
        command: `pm2 start ${'long '.repeat(30)}`,
      });
      await host.write('/var/log/syslog', `2026-01-02T03:04:05+00:00 debian pm2-guard: ${record}\n`);
      const env = { TZ: 'UTC', COLUMNS: undefined };
      const plain = await host.run('pm2-guard log', { env });
      expect(plain.stdout).toBe(
        `2026-01-02 03:04:05  rewrite         deploy as root  pm2 start ${'long '.repeat(30)}  web (www-data)  ` +
          `/etc/pm2-guard/config.yaml:4\n`,
      );
      const coloured = await host.tty('pm2-guard log', { env }).result();
      expect(coloured.stdout).toContain('\x1b[32mrewrite\x1b[39m');
      const bare = await host.tty('pm2-guard log', { env: { ...env, NO_COLOR: '1' } }).result();
      expect(bare.stdout).not.toContain('\x1b');
      expect(bare.stdout).toContain('│ deploy as root │');
      for (const row of bare.stdout.trimEnd().split('\r\n')) expect(row).toHaveLength(120);
    });
  });

  describe('options', () => {
    let host: Host;
    beforeAll(async () => {
      host = await createHost({ pm2: null });
      await host.installGuard(config).catch(() => undefined); // there is no pm2 to find
    });
    afterAll(() => host.dispose());
    it.each([
      ['-n 0', 'A number from 1 on is expected'],
      ['-n x', 'A number from 1 on is expected'],
      ['--since yesterday-ish', 'A date such as'],
      ['--since 7', 'A date such as'],
      ['--since "Nov 22"', 'A date such as'],
      ['--since 2026-13-40', 'A date such as'],
      ['--since "2026-02-31 10:00"', 'A date such as'],
      ['--verdict maybe', 'Allowed choices are rewrite, block, bypass, observed'],
    ])('%s', async (options, message) => {
      expect(await host.run(`pm2-guard log ${options}`)).toMatchObject({
        status: 1,
        stdout: '',
        stderr: containing(message),
      });
    });
    it('--help', async () => {
      expect(await host.run('pm2-guard log --help')).toMatchObject({
        status: 0,
        stderr: '',
        stdout: expect.stringMatching(/Examples:\n {2}sudo pm2-guard log\n[^]*Exit status: 0 /) as string,
      });
    });
  });
});
