import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/terminal/escape.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import { runs } from '../random-runs.ts';

const printed = (words: readonly string[]) => escapeControls(quoteCommand(words));
/** The words that a shell makes of each line, read from its standard input as a pasted line is. */
function readBack(shell: readonly string[], lines: readonly string[]): string[][] {
  const [program = '', ...options] = shell;
  const input = `one() { printf '%s\\0' "$@"; printf '\\n\\0'; }\n${lines.map((line) => `one ${line}\n`).join('')}`;
  const { stdout, stderr } = spawnSync(program, options, { input, encoding: 'utf8', env: { HOME: '/h' }, cwd: '/' });
  expect(stderr).toBe('');
  const calls: string[][] = [[]];
  for (const word of stdout.split('\0').slice(0, -1)) {
    if (word === '\n') calls.push([]);
    else calls.at(-1)?.push(word);
  }
  return calls.slice(0, -1);
}
const SH = ['/bin/sh'];
/** With history expansion, as at a prompt. */
const BASH = ['/bin/bash', '--norc', '-o', 'history', '-o', 'histexpand'];

const special = fc.constantFrom(
  ...['\n', '\r', '\t', '\u001b', '\u0001', '\u007f', '\u0085', '\u00a0', '\u00ad'],
  ...['\u200b', '\u202e', '\ufeff', '\u{e0041}', 'é', '東', '7', 'a'],
  ...Array.from('\'"\\$`!%*?[]{}()<>|&;#~=-+:,./ @^'),
  ...['\\n', '\\012', '$(id)', '`id`', '!!', '~root', 'C:', '%s', '$HOME'],
);
const other = fc.string({ unit: 'grapheme', maxLength: 3 });
const word = fc
  .array(fc.oneof({ weight: 3, arbitrary: special }, { weight: 1, arbitrary: other }), { maxLength: 8 })
  .map((parts) => Buffer.from(parts.join('').replaceAll('\0', '')).toString()) // as the kernel hands words over
  .filter((text) => text !== '\n'); // the mark of readBack

describe('a command that is printed for pasting', () => {
  it.each([
    [['pm2', 'restart', '--', 'a\nb'], `pm2 restart -- "$(printf 'a\\012b')"`],
    [['pm2', 'restart', '--', '\u001b[2Jshop'], `pm2 restart -- "$(printf '\\033[2Jshop')"`],
    [['A=x\ty', 'pm2', 'list'], `A="$(printf 'x\\011y')" pm2 list`],
    [['pm2', 'stop', 'shop\n'], "pm2 stop $'shop\\012'"],
    [['pm2', 'stop', "it's a shop"], 'pm2 stop "it\'s a shop"'],
  ])('%j', (words, line) => {
    expect(printed(words)).toBe(line);
  });

  it.each([
    ['sh', SH, (text: string) => !text.endsWith('\n') || escapeControls(text) === text],
    ['bash', BASH, () => true],
  ] as const)('is read back by %s as the same words', (_, shell, isFor) => {
    fc.assert(
      fc.property(fc.array(fc.array(word.filter(isFor), { minLength: 1, maxLength: 3 })), (calls) => {
        const lines = calls.map(printed);
        for (const line of lines) expect(line).not.toMatch(/[\n\r\u001b]/);
        expect(readBack(shell, lines)).toEqual(calls);
      }),
      runs(200),
    );
  });

  it('is read back from inside of another one', () => {
    const inner = ['printf', '%s', "a\n'b' \u001b$x"];
    expect(readBack(SH, [printed([printed(inner)])])).toEqual([[printed(inner)]]);
    expect(readBack(SH, [`"$(${printed(['sh', '-c', printed(inner)])})"`])).toEqual([inner.slice(2)]);
  });
});
