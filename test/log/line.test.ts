import fc from 'fast-check';
import quote from 'shell-quote/quote.js';
import { describe, expect, it } from 'vitest';
import { appsInLine } from '../../src/log/about.ts';
import { MAX_LINE, recordLine, type Fields, type LoggedOutcome } from '../../src/log/line.ts';
import { parseLine } from '../../src/log/parse.ts';
import { runs } from '../random-runs.ts';

const plain: Fields = {
  caller: 'deploy',
  login: null,
  home: '/home/deploy/.pm2',
  cwd: '/srv',
  rule: '/etc/pm2-guard/config.yaml:7',
  daemon: 'web',
  user: 'www-data',
  command: 'pm2 restart myapp',
};
const line = (fields: Partial<Fields>) => recordLine('rewrite', { ...plain, ...fields });

describe('a line of the record', () => {
  it('is this', () => {
    expect(line({})).toBe(
      'rewrite caller=deploy login=- home=/home/deploy/.pm2 cwd=/srv rule=/etc/pm2-guard/config.yaml:7 daemon=web ' +
        'user=www-data command="pm2 restart myapp"',
    );
  });
  it('without an owner', () => {
    expect(line({ daemon: undefined, user: undefined })).toBe(
      'rewrite caller=deploy login=- home=/home/deploy/.pm2 cwd=/srv rule=/etc/pm2-guard/config.yaml:7 ' +
        'command="pm2 restart myapp"',
    );
  });
  it('with a user without a name', () => {
    expect(line({ login: '-' })).toContain(' login="-" ');
  });
  it('with quotes and backslashes', () => {
    expect(line({ command: 'pm2 start "a b\\c"' })).toMatch(/ command="pm2 start \\"a b\\\\c\\""$/);
  });
  it('with what would end the line, move the cursor or turn the text', () => {
    expect(line({ command: 'a\nb\r\x1b[2J\u0085\u2028\u202e\ud800c' })).toMatch(
      / command="a\\x0ab\\x0d\\x1b\[2J\\x85\\u2028\\u202e\\ud800c"$/,
    );
  });
  it('with other alphabets as they are', () => {
    expect(line({ cwd: '/srv/größe' })).toContain(' cwd="/srv/größe" ');
  });
  it('cut, says so', () => {
    expect(line({ command: 'x '.repeat(5000) })).toMatch(/x x "\.\.\.$/);
  });
  it('keeps room for the command, however long the rest is', () => {
    const text = line({
      caller: 'c'.repeat(999),
      login: 'l'.repeat(999),
      home: 'ü'.repeat(999),
      cwd: '/\n'.repeat(999),
      rule: 'r'.repeat(999),
      daemon: 'd'.repeat(999),
      user: 'u'.repeat(999),
    });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_LINE);
    expect(text).toMatch(/ command="pm2 restart myapp"$/);
  });
});

const text = fc.oneof(
  fc.constantFrom(
    '-',
    '',
    'a b',
    '"',
    '\\',
    'x" command="pm2 kill',
    'a\nblock caller=root',
    '...',
    '"...',
    '\\x41',
    'ü',
    '😀',
  ),
  fc.string({ unit: 'binary' }),
  fc.string(),
);
const short = fc.string({ unit: fc.constantFrom('a', '"', '\\', ' ', '=', '-', 'ü', '\n'), maxLength: 9 });
const fields = (value: fc.Arbitrary<string>) =>
  fc.record({
    caller: value,
    login: fc.option(value),
    home: value,
    cwd: fc.option(value),
    rule: value,
    daemon: fc.option(value, { nil: undefined }),
    user: fc.option(value, { nil: undefined }),
    command: value,
  });
const outcome = fc.constantFrom<LoggedOutcome>('rewrite', 'block', 'bypass', 'observed');

describe('whatever is in it', () => {
  it('is read back as it was', () => {
    fc.assert(
      fc.property(outcome, fields(short), (verdict, of) => {
        expect(parseLine(recordLine(verdict, of))).toEqual({
          verdict,
          ...of,
          daemon: of.daemon ?? null,
          user: of.user ?? null,
          cut: false,
        });
      }),
      runs(2000),
    );
  });
  it('is one line of printable characters, not too long, and every value is the start of what it was', () => {
    fc.assert(
      fc.property(
        outcome,
        fields(
          fc.oneof(
            text,
            text.map((one) => one.repeat(200)),
          ),
        ),
        (verdict, of) => {
          const written = recordLine(verdict, of);
          expect(Buffer.byteLength(written)).toBeLessThanOrEqual(MAX_LINE);
          expect(written).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\ud800-\udfff]/u);
          const read = parseLine(written);
          const values = [
            [of.caller, read?.caller],
            [of.login, read?.login],
            [of.home, read?.home],
            [of.cwd, read?.cwd],
            [of.rule, read?.rule],
            [of.daemon ?? null, read?.daemon],
            [of.user ?? null, read?.user],
            [of.command, read?.command],
          ];
          for (const [was, is] of values)
            expect(was === is || (read?.cut === true && typeof is === 'string' && was?.startsWith(is))).toBe(true);
        },
      ),
      runs(2000),
    );
  });
  it('is never read as another field: fields typed into a command stay in it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'caller=root',
          'x" caller=root',
          'x"... caller=root command="y',
          '\\" user=root',
          'a\nblock caller=root login=- home=/ cwd=/ rule=x command=x',
          '" ',
        ),
        (forged) => {
          for (const key of ['home', 'cwd', 'rule', 'command'] as const) {
            expect(parseLine(line({ [key]: forged }))).toMatchObject({
              verdict: 'rewrite',
              caller: 'deploy',
              user: 'www-data',
              [key]: forged,
              cut: false,
            });
          }
        },
      ),
    );
  });
});

describe('no line of the record', () => {
  const none = (of: string) => () => {
    expect(parseLine(of)).toBeNull();
  };
  const good = line({});
  it('empty', none(''));
  it('another outcome', none(good.replace('rewrite', 'granted')));
  it('a field twice', none(good.replace('caller=deploy', 'caller=root caller=deploy')));
  it('a field missing', none(good.replace('home=/home/deploy/.pm2 ', '')));
  it('two spaces', none(good.replace(' cwd', '  cwd')));
  it('text behind it', none(`${good} and more`));
  it('a bare value of several words', none(good.replace('"pm2 restart myapp"', 'pm2 restart myapp')));
  it('an escape that is none', none(line({ command: 'a b' }).replace('a b', 'a\\q')));
  it('cut by the log before its last value', none(good.slice(0, 40)));
});

describe('what a log does to a line', () => {
  it('cut inside the last value: read as far as it goes', () => {
    expect(parseLine(line({}).slice(0, -5))).toMatchObject({ command: 'pm2 restart m', cut: true });
  });
  it('a field of a later version is passed over', () => {
    expect(parseLine(line({}).replace(' command', ' ticket=42 command'))).toMatchObject({
      command: 'pm2 restart myapp',
    });
  });
});

describe('the apps that a call names', () => {
  const apps = (command: string, expected: string[]) => () => {
    expect(appsInLine({ command, cwd: '/srv' })).toEqual(expected);
  };
  it('a target', apps('pm2 restart myapp', ['myapp']));
  it('several', apps('pm2 stop a b --silent', ['a', 'b']));
  it('a name given', apps('pm2 start npm --name myapp -- start', ['npm', 'myapp']));
  it('a process file', apps('pm2 start ecosystem.config.js --only api,worker', ['api', 'worker']));
  it('all', apps('pm2 restart all', []));
  it('none', apps('pm2 list', []));
  it(
    'a name with a space and a dollar',
    apps(quote(['pm2', 'restart', 'my app', '$HOME', 'a*b', 'c;d', '#e']), ['my app', '$HOME', 'a*b', 'c;d', '#e']),
  );
});
