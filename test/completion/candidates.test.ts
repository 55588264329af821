import { expect, it } from 'vitest';
import { createProgram } from '../../src/commands/program.ts';
import { complete, type Values } from '../../src/completion/candidates.ts';

const values: Values = (placeholder, before, dashes) => [
  { word: `${dashes ? '-- ' : ''}${placeholder}`, about: '' },
  ...before.map((word) => ({ word: `after ${word}`, about: '' })),
];
const at = (...words: string[]) => complete(createProgram(), words, values);
const words = (...typed: string[]) => at(...typed).candidates.map(({ word }) => word);

it('commands, with what they are', () => {
  expect(at('').candidates).toContainEqual({
    word: 'log',
    about: createProgram()
      .commands.find((command) => command.name() === 'log')
      ?.description(),
  });
  expect(words('unin')).toEqual(['uninstall']);
  expect(words('nosuch')).toEqual([]);
});
it('a hidden command is not offered', () => {
  expect(words('__')).toEqual([]);
});
it('help takes the name of a command, and no second one', () => {
  expect(words('help', 'unin')).toEqual(['uninstall']);
  expect(words('help', 'log', '')).toEqual([]);
});
it('options of the program, of a command', () => {
  expect(words('-')).toEqual(['--version', '--help']);
  expect(words('install', '--')).toEqual(expect.arrayContaining(['--dry-run', '--json', '--help']));
  expect(words('log', '--ve')).toEqual(['--verdict']);
});
it('an option that was given is not offered again, long or short, and none that excludes it', () => {
  expect(words('install', '--json', '--j')).toEqual([]);
  expect(words('log', '-n', '5', '--l')).toEqual([]);
  expect(words('sudoers', '--write', '--')).not.toContain('--check');
  expect(words('sudoers', '--check', '--')).not.toContain('--write');
});
it('choices, behind a blank or an =', () => {
  expect(words('log', '--verdict', 'b')).toEqual(['block', 'bypass']);
  expect(words('log', '--verdict=b')).toEqual(['--verdict=block', '--verdict=bypass']);
  expect(words('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  expect(words('completion', 'bash', '')).toEqual([]);
});
it('what a placeholder stands for', () => {
  expect(words('log', '--app', '')).toEqual(['app']);
  expect(words('log', '--user=')).toEqual(['--user=user']);
  expect(words('explain', '--as', '')).toEqual(['user']);
  expect(words('explain', '--as', 'deploy', '--', 'pm2', '')).toEqual(['-- words', 'after pm2']);
});
it('names of files where a file is meant', () => {
  expect(at('check', '')).toMatchObject({ files: true });
  expect(at('init', '--output', '')).toMatchObject({ files: true });
  expect(at('log', '')).toEqual({ candidates: [], files: false });
});
it('lint: its formats, severities and paths', () => {
  expect(words('lint', '--format', '')).toEqual(['people', 'gcc', 'json', 'sarif']);
  expect(words('lint', '--severity', '')).toEqual(['wrong', 'risky', 'note', 'unknown']);
  expect(words('lint', '--json', '--sa')).toEqual([]);
  expect(at('lint', '')).toMatchObject({ files: true });
});
it('an option without a value has none', () => {
  expect(words('log', '--json=')).toEqual([]);
});
it('nothing typed at all', () => {
  expect(at()).toEqual(at(''));
});
it('an option that may be repeated, and one that takes several values', () => {
  expect(words('seal', '--user', 'alice', '--u')).toEqual(['--user']);
  expect(words('verify', '--user', '')).toEqual(['user']);
  expect(words('verify', '--user', 'alice', '')).toEqual(['user']);
  expect(words('verify', '--user', 'alice', '--str')).toEqual(['--strict']);
  expect(words('verify', '--user', '-')).toEqual([]); // whatever follows is its value
});
