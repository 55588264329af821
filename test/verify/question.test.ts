import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { after, question, readTold, saidAfter, type ShellLanguage } from '../../src/verify/question.ts';

const SHELLS: [path: string, language: ShellLanguage][] = [
  ['/bin/bash', 'posix'],
  ['/bin/dash', 'posix'],
  ['/usr/bin/zsh', 'posix'],
  ['/usr/bin/fish', 'fish'],
];
const present = SHELLS.filter(([path]) => existsSync(path));

describe.each(present)('asked what pm2 is, %s', (shell, language) => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'pm2-guard-question-'));
    writeFileSync(join(home, 'pm2'), '#!/bin/sh\ntouch "$HOME/was-run"\n', { mode: 0o755 });
  });
  afterAll(() => {
    rmSync(home, { recursive: true });
  });
  const start = (script: string, env: NodeJS.ProcessEnv = {}) =>
    spawnSync(shell, ['-c', script], { encoding: 'utf8', env: { HOME: home, PATH: `${home}:/usr/bin:/bin`, ...env } });
  const asked = (before: string, env: NodeJS.ProcessEnv = {}) =>
    readTold(start(`${before}${question(language, 'tag')}`, env).stdout, 'tag');
  // fish's alias is a function; the others need a new line of input before an alias counts, as behind startup files.
  const define = (text: string) =>
    language === 'fish'
      ? `alias pm2 '${text}'; `
      : `${shell === '/bin/bash' ? 'shopt -s expand_aliases; ' : ''}alias pm2='${text}'\n`;

  it('tells a file, and does not run it', () => {
    expect(asked('')).toEqual({
      word: { type: 'file', path: `${home}/pm2` },
      file: `${home}/pm2`,
      guard: null,
      homeDirectory: home,
    });
    expect(existsSync(join(home, 'was-run'))).toBe(false);
  });
  it('tells a file in a relative directory of PATH', () => {
    for (const path of ['.', './', 'bin/..'])
      expect(asked(`mkdir -p ${home}/bin; cd ${home}; `, { PATH: `${path}:/usr/bin:/bin` })).toMatchObject({
        word: { type: 'file', path: `${home}/pm2` },
        file: `${home}/pm2`,
      });
  });
  it('tells that there is none', () => {
    expect(asked('', { PATH: '/nonexistent' })).toMatchObject({ word: { type: 'nothing' }, file: null });
  });
  it('tells PM2_GUARD', () => {
    expect(asked('', { PM2_GUARD: 'off' })).toMatchObject({ guard: 'off' });
  });
  it('tells an alias, and the file behind it', () => {
    expect(asked(define('authbind --deep pm2'))).toMatchObject({
      word: {
        type: language === 'fish' ? 'function' : 'alias',
        text: expect.stringContaining('authbind --deep pm2') as string,
      },
      file: `${home}/pm2`,
    });
  });
  it('tells a function, and the file behind it', () => {
    expect(
      asked(language === 'fish' ? 'function pm2; command pm2 $argv; end; ' : 'pm2() { command pm2 "$@"; }; '),
    ).toMatchObject({ word: { type: 'function' }, file: `${home}/pm2` });
  });
  it('passes over what startup files print', () => {
    expect(asked('echo tagged: hello; echo -n no newline; ')).toMatchObject({
      word: { type: 'file' },
      file: `${home}/pm2`,
    });
  });
  it('gives no answer where the shell ends before', () => {
    expect(asked('exit 0; ')).toBeNull();
  });
  it('comes through the escaping of sudo -i', () => {
    const escaped = question(language, 'tag').replace(/[^A-Za-z0-9_$-]/g, '\\$&');
    expect(readTold(start(`eval ${escaped}`).stdout, 'tag')).toMatchObject({
      word: { type: 'file', path: `${home}/pm2` },
    });
  });
  it('shows what a command printed, behind what startup files print', () => {
    expect(saidAfter(start(`echo before; ${after(language, 'tag', 'echo said')}`).stdout, 'tag')).toBe('said\n');
    expect(saidAfter('before\n', 'tag')).toBeNull();
  });
});

it.each(['/bin/bash', '/usr/bin/fish'].filter((path) => existsSync(path)))(
  'a shell that is not known starts /bin/sh: %s',
  (shell) => {
    const { stdout } = spawnSync(shell, ['-c', question('plain', 'tag')], {
      encoding: 'utf8',
      env: { PATH: '/nonexistent' },
    });
    expect(readTold(stdout, 'tag')).toMatchObject({ word: { type: 'nothing' }, file: null, guard: null });
  },
);
