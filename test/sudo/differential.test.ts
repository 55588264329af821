import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSudo, shellCommand, type SudoRun } from '../../src/sudo/command-line.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { TABLE, words } from './options.ts';
import { randomLines } from './random-lines.ts';
import { installRecorder, recordAll, RECORDER, type Outcome, type Seen } from './recorder.ts';

/** `npm run test:sudo` types twenty thousand. */
const LINES = Number(process.env['PM2_GUARD_SUDO_LINES'] ?? 1500);
const SEED = Number(process.env['PM2_GUARD_SUDO_SEED'] ?? 1);
const CALLER = {
  SHELL: RECORDER,
  FOO: 'foo',
  BAR: 'bar',
  PM2_HOME: '/caller',
  SUDO_ASKPASS: '/bin/false',
  SUDO_EDITOR: '/bin/true',
};

/**
 * What sudo runs and we do not read: a command for another host, no command but a shell, a value
 * that looks like the end of the options, a variable that is both kept and set.
 */
const LEFT_ASIDE = /^(-h|--ho(st?)?|-\w --|-C 00\d|no command|kept and set)$/;

describeOnHost(`a line for each option and ${LINES} random ones, read by us and by the real sudo`, () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
    await installRecorder(host);
  });
  afterAll(() => host.dispose());

  it('agree', async () => {
    const lines = [...Object.keys(TABLE).map(words), ...randomLines(LINES, SEED)];
    const outcomes = await recordAll(host, lines, CALLER);
    const tally = { agreed: 0, refused: 0, untouched: 0, missed: 0 };
    const wrong: string[] = [];
    for (const [index, line] of lines.entries()) {
      const call = parseSudo(line);
      const outcome = outcomes[index] as Outcome;
      if (call.type === 'not ours') {
        tally[outcome.seen === null ? 'untouched' : 'missed']++;
        if (outcome.seen !== null && !LEFT_ASIDE.test(call.why))
          wrong.push(`${JSON.stringify(line)}: sudo runs it, and we leave it for ${call.why}`);
        continue;
      }
      const fault = outcome.seen === null ? refusalFault(outcome.stderr) : difference(call, outcome.seen, host);
      tally[outcome.seen === null ? 'refused' : 'agreed']++;
      if (fault !== null) wrong.push(`${JSON.stringify(line)}: ${fault}`);
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    // The sample must be about something: most of it runs, and hardly anything that runs is left aside.
    expect(tally.agreed).toBeGreaterThan(LINES / 2.5);
    expect(tally.missed).toBeLessThan(lines.length / 25);
  }, 3_600_000);

  it('are passed on untouched if pm2 is another program', async () => {
    await host.installGuard('default: web\ndaemons:\n  web: { user: www-data, home: /var/www/.pm2 }\n');
    await host.must('rm /usr/local/sbin/pm2'); // sudo would find ours before that one
    const lines = [...Object.keys(TABLE).map(words), ...randomLines(Math.ceil(LINES / 10), SEED + 1)];
    const real = await recordAll(host, lines, CALLER);
    const through = await recordAll(host, lines, CALLER, '/usr/local/lib/pm2-guard/bin/sudo');
    const changed = lines.filter((_, index) => JSON.stringify(real[index]) !== JSON.stringify(through[index]));
    expect(changed.map((line) => [line, real[lines.indexOf(line)], through[lines.indexOf(line)]]).slice(0, 5)).toEqual(
      [],
    );
  }, 3_600_000);
});

/** What sudo says if its rules or the host forbid a command that it read. */
const REFUSALS = new RegExp(
  [
    'unknown (user|group)',
    'command not found',
    'invalid (timeout|argument|(working|chroot) directory)',
    'unable to (change|stat|initialize)',
    'not (allowed|permitted|a member)',
    'may not|No such file|SELinux',
  ].join('|'),
  'i',
);

/** sudo ran nothing though we read a command. Null if its rules or the host forbid it, else the difference. */
function refusalFault(stderr: string): string | null {
  if (/usage:|invalid option|unrecognized|ambiguous|requires an argument/.test(stderr))
    return `sudo does not read it so: ${stderr}`;
  return REFUSALS.test(stderr) ? null : `sudo says: ${stderr === '' ? 'nothing' : stderr}`;
}

function difference(call: SudoRun, seen: Seen, host: Host): string | null {
  const target = accountOf(call, host);
  if (seen.uid !== target.uid) return `user ${call.user ?? '-'} is ${seen.uid} to sudo`;
  if (seen.gid !== target.gid) return `group ${call.group ?? '-'} is ${seen.gid} to sudo`;
  const expected = expectedWords(call);
  if (expected !== null && JSON.stringify(seen.argv) !== JSON.stringify(expected))
    return `sudo runs ${JSON.stringify(seen.argv)}, we read ${JSON.stringify(expected)}`;
  const set = new Map(call.assignments.map(({ name, value }) => [name, value]));
  for (const [name, value] of set)
    if (seen.env[name] !== value) return `${name}=${value} is ${seen.env[name] ?? 'unset'} to sudo`;
  for (const name of ['FOO', 'BAR', 'PM2_HOME'] as const) {
    if (set.has(name)) continue;
    const kept = call.keepEnvironment || call.keep.includes(name);
    if ((seen.env[name] === CALLER[name]) !== kept) return `${name} is ${seen.env[name] ?? 'unset'} to sudo`;
  }
  return null;
}

/** null: the shell reads other words than were typed, which is why we leave such calls alone. */
function expectedWords(call: SudoRun): string[] | null {
  if (call.shell === 'none') return call.words.slice(1);
  const command = shellCommand(call.words);
  // sudo escapes byte by byte, which the shell reads back as the same bytes.
  return command === null || /[^\u0000-\u007f]/.test(command) ? null : ['-c', command];
}

function accountOf({ user, group }: SudoRun, host: Host): { uid: number; gid: number } {
  const ofName = (name: string) =>
    /^#\d+$/.test(name) ? ({ '33': 'www-data', '0': 'root' }[String(Number(name.slice(1)))] ?? 'root') : name;
  const account = host.account(ofName(user ?? (group === null ? 'root' : 'deploy')));
  return { uid: account.uid, gid: group === null ? account.gid : host.account(ofName(group)).gid };
}
