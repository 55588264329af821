import { chownSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dumpReader, Shares } from '../../src/host/budget.ts';
import { draft } from '../../src/host/draft/draft.ts';
import { savedLists } from '../../src/host/homes/saved-list.ts';
import type { FoundDaemon } from '../../src/host/survey.ts';
import { openPolicy } from '../../src/policy/compiled.ts';
import { checkConfig } from '../../src/policy/slow.ts';
import { parseSource } from '../../src/policy/source.ts';
import { readService } from '../../src/host/boot/unit-file.ts';
import { asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { GUARD } from './mallory.ts';

describe("a unit of a user's, of the greatest length that is read", () => {
  const MIB = 1 << 20;
  const texts: [what: string, text: string][] = [
    ['blanks in a value', `User=x${' '.repeat(MIB)}y`],
    ['blanks before a value', `User=${' '.repeat(MIB)}y`],
    ['tabs before a key', `${'\t'.repeat(MIB)}User`],
    ['many variables', Array.from({ length: MIB / 20 }, (_, at) => `Environment=v${at}=1`).join('\n')],
    ['many files', 'EnvironmentFile=/x\n'.repeat(MIB / 20)],
    ['words in open quotes', `ExecStart=${'"a \''.repeat(MIB / 4)}`],
    ['backslashes', `ExecStart="${'\\'.repeat(MIB - 1)}`],
    ['specifiers', `ExecStart=${'%'.repeat(MIB)}`],
    ['continued lines', 'ExecStart=\\\n'.repeat(MIB / 12)],
    ['comments in a continued line', `User=\\\n${'#\n'.repeat(MIB / 2)}x`],
    ['line ends of each kind', '\r\0\n\r'.repeat(MIB / 4)],
    ['escapes', `Environment="A=${'\\x41'.repeat(MIB / 4)}"`],
    ['words of Environment=', `Environment=${'A=1 '.repeat(MIB / 4)}`],
    ['semicolons', `ExecStart=${'; '.repeat(MIB / 2)}`],
    ['slashes', `PIDFile=${'/./'.repeat(MIB / 3)}`],
    ['sections', '[Service]\n'.repeat(MIB / 10)],
  ];
  it.each(texts)('is read in a moment: %s', (_, text) => {
    const began = Date.now();
    readService([`[Service]\n${text}\n`], 'x@y.service');
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});

it('a name of any length, of a daemon or a process file, is matched with globs in a moment', () => {
  const globs = ['shop-*-eu-*-api-*-prod'];
  const parsed = parseSource('/c.yaml', `daemons: {web: {user: root, apps: ${JSON.stringify(globs)}}}`, 'yaml');
  if (parsed.type === 'errors') throw new Error('it is no YAML');
  const checked = checkConfig(parsed.source);
  if (checked.type === 'errors') throw new Error('it is no config');
  const policy = openPolicy({ ...checked.rules, made: '', from: '' });
  expect(policy.ownersOfName('shop-1-eu-2-api-3-prod')).toHaveLength(1);
  const began = Date.now();
  for (const count of [1000, 40_000, 80_000]) policy.ownersOfName(`shop-${'-eu-'.repeat(count)}-prod`);
  expect(Date.now() - began).toBeLessThan(2000);
});

describe('a draft that users fill', () => {
  const LONGEST = 4 << 20; // of a config
  const daemonOf = (user: string, pm2Home: string, names: readonly string[]): FoundDaemon => ({
    user,
    pm2Home: asPm2Home(pm2Home),
    live: null,
    failure: null,
    source: 'dump',
    unit: null,
    apps: names.map((name) => ({ name, namespace: null, script: null, cwd: null })),
  });
  const many = (count: number, rest: string) => Array.from({ length: count }, (_, at) => `${at}${rest}`);
  const web = daemonOf('www-data', '/var/www/.pm2', ['shop']);
  const daemonsIn = (text: string) =>
    Object.values((parse(text) as { daemons: Record<string, { user: string }> }).daemons);

  it.each([
    ['nobody', '\u0001'.repeat(250)],
    ['nobody', '*'.repeat(250)],
    ['nobody', '\u202e'.repeat(250)],
    ['daemon', '\u{1f600}'.repeat(125)],
    ['daemon', '\\'.repeat(250)],
  ])('has the apps of others, and not 20,000 of %s called %j', (user, name) => {
    const text = draft([daemonOf(user, '/srv/x/.pm2', many(20_000, name)), web]);
    expect(Buffer.byteLength(text)).toBeLessThan(10_000);
    expect(text).toContain('20000 apps, too many or too long for a draft');
    expect(daemonsIn(text)).toContainEqual({ user: 'www-data', home: '/var/www/.pm2', apps: ['shop'] });
  });

  it('stays within the length of a config where the lists are just short enough', () => {
    for (const name of ['\u0001', '\u202e', '*', '\\', '\u{1f600}']) {
      const long = name.repeat(100);
      const length = JSON.stringify(daemonOf('daemon', '/x', [`9999${long}`]).apps).length;
      for (const user of ['nobody', 'daemon']) {
        const text = draft([daemonOf(user, '/srv/x/.pm2', many(Math.floor((1 << 19) / length), long))]);
        expect(text).not.toContain('too many');
        expect(Buffer.byteLength(text)).toBeLessThan(LONGEST);
      }
    }
  });

  it('declares and mentions some of the daemons of one user, the usual one first', () => {
    const homes = many(2000, '').map((at) => daemonOf('nobody', `/srv/${at}/${'\u0001'.repeat(2000)}`, ['a']));
    const text = draft([...homes, daemonOf('nobody', '/nonexistent/.pm2', ['a']), web]);
    expect(Buffer.byteLength(text)).toBeLessThan(LONGEST / 10);
    const users = daemonsIn(text).map(({ user }) => user);
    expect([users.filter((user) => user === 'nobody').length, users.includes('www-data')]).toEqual([10, true]);
    expect(daemonsIn(text)).toContainEqual({ user: 'nobody', home: '/nonexistent/.pm2' });
    expect(text).toMatch(/^# {3}more of nobody$/m);
  });
});

it('saved lists are read until the share of their owner is used up', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lists-'));
  const file = join(directory, 'dump.pm2');
  writeFileSync(file, '');
  truncateSync(file, 50 << 20);
  if (process.getuid?.() === 0) chownSync(file, 1000, 1000);
  const mayRead = dumpReader();
  expect([mayRead(file), mayRead(file), mayRead(file), mayRead(join(directory, 'no'))]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(savedLists(asPm2Home(directory), () => false)).toEqual([]);
  rmSync(directory, { recursive: true });
});

it("what one user's things cost is counted to that user alone, and root's not at all", () => {
  const shares = new Shares(3);
  const taken = [1, 1, 2].map((amount) => shares.take(asUid(1000), amount));
  expect(taken).toEqual([true, true, false]);
  expect([
    shares.take(asUid(1001), 3),
    shares.take(asUid(1001)),
    shares.take(null, 4),
    shares.take(asUid(0), 1e9),
  ]).toEqual([true, false, false, true]);
});

const FILL = `
open my $one, '>', 'one'; print $one "[Service]\\nEnvironment=PM2_HOME=/home/mallory/.pm2\\n"; close $one;
for my $i (1 .. 450) { link 'one', "a-b-c-d-e-f\\@$i.service"; link 'one', "t$i\\@.service"; mkdir "t$i.target.wants"; }
for my $stem ('a-', 'a-b-', 'a-b-c-', 'a-b-c-d-', 'a-b-c-d-e-', 'a-b-c-d-e-f@') {
  mkdir "$stem.service.d";
  link 'one', "$stem.service.d/$stem$_.conf" for 1 .. 450;
}
for my $i (1 .. 40) { symlink '../one', "t$i.target.wants/t$_\\@x.service" for 1 .. 450; }
`;

describeOnHost('what a user fills the host with', () => {
  let host: Host;
  const UNITS = '/home/mallory/.config/systemd/user';
  const mallory = { user: 'mallory', timeoutMs: 120_000 };
  beforeAll(async () => {
    host = await createHost({ users: ['mallory'] });
    await host.write('/etc/pm2-guard/config.yaml', 'daemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n');
  });
  afterAll(() => host.dispose());

  /** doctor with a limit of memory, and how long it took. */
  async function doctor(): Promise<number> {
    const { status, milliseconds, stdout } = await host.run(`ulimit -v 24000000; ${GUARD} doctor --json`, {
      timeoutMs: 170_000,
    });
    expect([0, 1]).toContain(status);
    expect(JSON.parse(stdout)).toMatchObject({ findings: expect.any(Array) as unknown });
    return milliseconds;
  }

  it('units, drop-ins and links to them without end', async () => {
    await host.write('/srv/fill.pl', FILL);
    await host.must(`mkdir -p ${UNITS} && cd ${UNITS} && perl /srv/fill.pl`, mallory);
    expect(await doctor()).toBeLessThan(60_000);
    await host.must(`rm -rf ${UNITS}`);
  }, 180_000);

  it('a line that takes the square of its length to read', async () => {
    await host.must(
      `mkdir -p ${UNITS} && cd ${UNITS} && for i in $(seq 20); do ` +
        `perl -e 'print "[Service]\\nEnvironment=PM2_HOME=/x\\n", ` +
        '"ExecStart=x", " " x 500000, "y\\n# ", "pm2 " x 100000, "\\n"\' > a$i.service; done',
      mallory,
    );
    expect(await doctor()).toBeLessThan(60_000);
    await host.must(`rm -rf ${UNITS}`);
  }, 180_000);

  it('saved lists of the greatest length, in every PM2_HOME that a unit names', async () => {
    await host.must(
      `mkdir -p ${UNITS} && cd ${UNITS} && perl -e 'print "[", "{\\"name\\":1}," x 3900000, "1]"' > ../dump && ` +
        'for i in $(seq 40); do mkdir -p /home/mallory/h$i && ln ../dump /home/mallory/h$i/dump.pm2 && ' +
        'printf "[Service]\\nEnvironment=PM2_HOME=/home/mallory/h$i\\nExecStart=pm2 resurrect\\n" > h$i.service; done',
      mallory,
    );
    expect(await doctor()).toBeLessThan(90_000);
    await host.must(`rm -rf ${UNITS} /home/mallory/h*`);
  }, 180_000);
});
