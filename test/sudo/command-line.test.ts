import { describe, expect, it } from 'vitest';
import { parseSudo, shellCommand } from '../../src/sudo/command-line.ts';
import { TABLE, words } from './options.ts';

describe('each option of sudo(8)', () => {
  it.each(Object.entries(TABLE))('sudo %s', (line, expected) => {
    expect(summary(words(line))).toBe(expected);
  });
});

function summary(argv: string[]): string {
  const call = parseSudo(argv);
  if (call.type === 'not ours') return call.type;
  const options = call.options.map(({ letter, value }) => (value === null ? letter : `${letter}=${value}`)).join();
  return [
    `${call.user ?? '-'}:${call.group ?? '-'}`,
    ...call.words,
    ...(options === '' ? [] : [`(${options})`]),
    ...(call.shell === 'none' ? [] : [call.shell]),
    ...(call.keepEnvironment ? ['keeps all'] : call.keep.length > 0 ? [`keeps ${call.keep.join()}`] : []),
    ...(call.assignments.length > 0 ? [`sets ${call.assignments.map(({ name }) => name).join()}`] : []),
  ].join(' ');
}

// sudo(8) -i: "after escaping each character (including white space) with a backslash except for alphanumerics,
// underscores, hyphens, and dollar signs".
it.each([
  [['pm2', 'restart', 'my-app_1'], 'pm2 restart my-app_1'],
  [['pm2', 'start', 'a b', '--name=x'], 'pm2 start a\\ b --name\\=x'],
  [['/usr/bin/pm2', '*'], '\\/usr\\/bin\\/pm2 \\*'],
  [['pm2', '$HOME'], null],
  [['pm2', ''], null],
  [['pm2', 'a\nb'], null],
] as const)('-s and -i give their shell %j as %j', (typed, expected) => {
  expect(shellCommand(typed)).toBe(expected);
});
