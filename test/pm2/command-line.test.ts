import { describe, expect, it } from 'vitest';
import { parseCommandLine, type CommandLine } from '../../src/pm2/command-line.ts';
import type { Major } from '../../src/pm2/invocation.ts';

// That PM2 itself does so is proven by differential.test.ts; these say it to a reader, one oddity a line.
const words = (line: string) =>
  line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => (word === "''" ? '' : word));
const parse = (line: string, major: Major = 7) => parseCommandLine(words(line), major);
const ran = (line: string, major: Major = 7) => {
  const parsed = parse(line, major);
  return parsed.type === 'run'
    ? `${parsed.command}: ${parsed.args.join(' ')}`
    : parsed.type === 'usage error'
      ? parsed.error
      : parsed.type;
};
const _ = (line: string, outcome: string, major?: Major) => () => {
  expect(ran(line, major)).toBe(outcome);
};

describe('commands', () => {
  it('alias', _('save', 'dump: '));
  it('del', _('del a b', 'delete: a b'));
  it('log is logs', _('log api', 'logs: api'));
  it('log is logs wherever it is', _('stop log', 'stop: logs'));
  it('case matters', _('Restart a', 'unknown command'));
  it('no shortcut for scripts', _('app.js', 'unknown command'));
  it('no command', _('-f', 'nothing'));
  it('no word', _('', 'usage'));
  it('an empty word', _("''", 'unknown command'));
  it('completion', _('completion install', 'completion'));
  it('completion beside startup', _('completion startup', 'unknown command'));
  it('first argument only', _('reload a b', 'reload: a'));
  it('missing argument', _('stop', 'missing argument'));
  it('an argument too many', _('save me', 'unexpected argument'));
  it('sysmonit went with 7', _('sysmonit', 'sysmonit: ', 6));
  it('install-otel came with 7', _('install-otel', 'unknown command', 6));
});

describe('options', () => {
  it('before the command', _('-n api start a.js', 'start: a.js'));
  it('an optional value swallows a word', _('start --watch a.js b.js', 'start: b.js'));
  it('no attached values', () => {
    expect(parse('start a.js -i4').options).toEqual({ instances: '-4' });
  });
  it('-nfoo', () => {
    expect(parse('start a.js -nfoo').options).toEqual({ name: '-f', output: '-o' });
  });
  it('a required value may be anything', () => {
    expect(parse('start a.js --name -- b').options).toEqual({ name: '--' });
  });
  it('lists add up', () => {
    expect(parse('start a.js --watch x --watch y').options).toEqual({ watch: ['x', 'y'] });
  });
  it('the last one wins', () => {
    expect(parse('start eco.json --only a --only b').options).toEqual({ only: 'b' });
  });
  it('negated', () => {
    expect(parse('start a.js --no-autorestart').options).toEqual({ autorestart: false });
  });
  it('positive form', _('start a.js --autorestart', 'unknown option'));
  it('words behind an unknown option come first', _('start a.js --fresh b.js', 'start: b.js a.js'));
  it('its own option', () => {
    expect((parse('logs api --lines 5') as CommandLine & { type: 'run' }).own).toEqual({ lines: '5' });
  });
  it('missing value', _('restart a --name', 'missing value'));
  it('version wins', _('restart a -v', 'version'));
  it('version eaten as a value', _('restart a --name -v', 'restart: a'));
  it('help', _('restart -h', 'help'));
  it('help behind an unknown command', _('foo -h', 'unknown command'));
});

describe('--', () => {
  it('cuts start', _('start a.js -- b', 'start: a.js'));
  it('cuts at the first such word', _('start a -- a', 'start: ecosystem.config.js'));
  it('with nothing behind it cuts one too many', _('restart a b --', 'restart: a'));
  it('does not cut stop', _('stop a -- b', 'stop: a b'));
  it('hides the version', _('restart a -- -v', 'restart: a'));
  it('the app arguments', () => {
    expect(parse('start npm -- run x -- y').dashed).toEqual(['run', 'x', '--', 'y']);
  });
  it('early version', _('restart -v a -- b', 'version'));
  it('cuts even where it was a value', _('restart a --name -- b', 'restart: a'));
});

describe('around it', () => {
  it('startup anywhere', () => {
    expect(parse('stop startup').startupScan).toBe(true);
  });
  it('startup behind --', () => {
    expect(parse('stop a -- startup').startupScan).toBe(false);
  });
  it('silent', () => {
    expect(parse('list -s').silent).toBe(true);
  });
  it('silent with --', () => {
    expect([parse('start -s a -- b').silent, parse('start --silent a -- b').silent]).toEqual([false, true]);
  });
  it('the alias bug', () => {
    expect((parse('describe save') as CommandLine & { type: 'run' }).spawns).toBe('pm2-dump');
  });
  it('no alias bug in arrays', () => {
    expect((parse('stop save') as CommandLine & { type: 'run' }).spawns).toBe(null);
  });
  it('the alias bug, not for install', () => {
    expect((parse('install save') as CommandLine & { type: 'run' }).spawns).toBe(null);
  });
  it('stdin', () => {
    expect((parse('start -') as CommandLine & { type: 'run' }).stdin).toBe(true);
  });
  it('stdin among others', () => {
    expect((parse('delete a -') as CommandLine & { type: 'run' }).stdin).toBe(false);
  });
});

it('is quick: it runs on every call of pm2', () => {
  const argv = words('start npm --name myapp --cwd /var/www/html/myapp --watch --max-restarts 4 -- run start');
  parseCommandLine(argv, 7);
  const began = performance.now();
  for (let i = 0; i < 1000; i++) parseCommandLine(argv, 7);
  expect((performance.now() - began) / 1000).toBeLessThan(0.5);
});

it('takes 100,000 characters and broken text', () => {
  expect(ran(`restart ${'x'.repeat(100_000)}`).length).toBe(100_009);
  expect(parseCommandLine(['restart', '\ud800\u0007\ufffd'], 7)).toMatchObject({
    type: 'run',
    args: ['\ud800\u0007\ufffd'],
  });
  expect(parseCommandLine(['restart', `-${'y'.repeat(100_000)}`], 7).type).toBe('usage error');
});
