import fc from 'fast-check';
import { vocabulary } from '../../src/pm2/grammar.ts';
import type { Major } from '../../src/pm2/invocation.ts';

const nasty = [
  '',
  ' ',
  '-',
  '--',
  '---',
  '--=',
  '--=x',
  '-=',
  'log',
  'logs',
  '--log',
  '-l',
  'startup',
  'unstartup',
  'completion',
  'install',
  'all',
  '*',
  'help',
  'PM2',
  '__proto__',
  'constructor',
  '-h',
  '--help',
  '-v',
  '-V',
  '--version',
  '--no-daemon',
  '--silent',
  '-s',
  '-sm',
  '--name=log',
  '--name=',
  '-n=x',
  '-i4',
  '-i',
  '-nfoo',
  '-abc',
  '-1',
  '--color',
  '--unknown',
  '--unknown=1',
  '-z',
  'a',
  'b',
  'web',
  'a.js',
  './a.js',
  'a.config.js',
  'a.json',
  'b.yml',
  'x.config.mjs',
  '/re/',
  '/',
  '0',
  '1',
  '0x1',
  '1e3',
  '3abc',
  'app:key',
  'app.key',
  'app:',
  ':k',
  '-:k',
  'k v',
  'a.b:c v',
  'node a.js',
  'foo',
  'simple',
  '--lines',
  '--port',
  '--port=80',
  '--fresh',
  '--container',
  '--only',
  '--only=a,b',
  'stop',
  '\u{1F600}',
  '-\u{1F600}',
  'é=',
];

/** Lines as people and scripts type them, bent in every way we know of. */
export function linesOf(major: Major): fc.Arbitrary<string[]> {
  const { flags, commands, aliases, own } = vocabulary(major);
  const command = fc.constantFrom(...commands, ...aliases);
  const option = fc.constantFrom(...flags, ...Object.values(own).flat());
  const word = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...nasty) },
    { weight: 3, arbitrary: option },
    { weight: 1, arbitrary: fc.tuple(option, fc.constantFrom(...nasty)).map(([flag, value]) => `${flag}=${value}`) },
    { weight: 2, arbitrary: command },
    { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  );
  const front = fc.array(word, { maxLength: 2 });
  const rest = fc.array(word, { maxLength: 7 });
  // A command with options of its own, which are read in a second pass; and few words over and over, in every order.
  const plain = fc.constantFrom('a', 'b', '-', '--', 'save', '-h');
  const second = fc
    .constantFrom(...commands.filter((name) => own[name]?.length))
    .chain((name) =>
      fc.tuple(fc.constant(name), fc.array(fc.oneof(fc.constantFrom(...(own[name] ?? [])), plain), { maxLength: 6 })),
    );
  const scanned = [
    '-s',
    '--silent',
    '-v',
    '--',
    '--log',
    '--watch',
    '--max-restarts',
    '--no-color',
    'log',
    '-sv',
    '-w',
  ];
  const again = fc
    .tuple(fc.subarray(scanned), word)
    .chain(([few, more]) => fc.array(fc.constantFrom(...few, more, 'a', 'start', 'stop'), { maxLength: 9 }));
  const shuffled = fc.shuffledSubarray([
    '-s',
    '--silent',
    '--',
    '-v',
    'log',
    'startup',
    'completion',
    '--no-daemon',
    'list',
    'a',
    '--name',
  ]);
  const dashed = fc.tuple(fc.constantFrom('start', 'restart', 'stop', 'delete', 'reload'), rest, rest);
  return fc.oneof(
    { weight: 1, arbitrary: shuffled },
    { weight: 3, arbitrary: second.map(([name, words]) => [name, ...words]) },
    { weight: 3, arbitrary: again },
    { weight: 6, arbitrary: fc.tuple(command, rest).map(([name, words]) => [name, ...words]) },
    { weight: 3, arbitrary: fc.tuple(front, command, rest).map(([head, name, words]) => [...head, name, ...words]) },
    { weight: 2, arbitrary: dashed.map(([name, words, after]) => [name, ...words, '--', ...after]) },
    { weight: 2, arbitrary: rest },
  );
}
