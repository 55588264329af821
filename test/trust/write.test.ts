import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { replaceFile } from '../../src/trust/write.ts';

const top = mkdtempSync(join(tmpdir(), 'pg-write-'));
afterAll(() => {
  rmSync(top, { recursive: true });
});
let serial = 0;
const room = (): string => {
  const path = join(top, String(++serial));
  mkdirSync(path);
  return path;
};

describe('replacing a file', () => {
  it('writes the text with the mode asked for, whatever the umask', () => {
    const directory = room();
    const umask = process.umask(0o077);
    try {
      replaceFile(join(directory, 'a'), 'text', 0o644);
    } finally {
      process.umask(umask);
    }
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('text');
    expect(statSync(join(directory, 'a')).mode & 0o7777).toBe(0o644);
  });

  it('puts a new file in the place of the old: who has the old one open keeps it', () => {
    const directory = room();
    writeFileSync(join(directory, 'a'), 'old');
    const before = statSync(join(directory, 'a')).ino;
    replaceFile(join(directory, 'a'), 'new', 0o600);
    expect(statSync(join(directory, 'a')).ino).not.toBe(before);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('leaves nothing behind where it fails, and the old one stands', () => {
    const directory = room();
    mkdirSync(join(directory, 'a', 'full'), { recursive: true });
    expect(() => {
      replaceFile(join(directory, 'a'), 'x', 0o600);
    }).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'on a full disk: ENOSPC, nothing behind, the old one stands',
    () => {
      const directory = room();
      const script = `
      const fs = require('node:fs');
      const directory = process.argv[1];
      require('node:child_process').execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', directory]);
      fs.writeFileSync(directory + '/policy', 'old');
      const { replaceFile } = require('./src/trust/write.ts');
      let code;
      try { replaceFile(directory + '/policy', 'x'.repeat(100000), 0o644); } catch (error) { code = error.code; }
      const text = fs.readFileSync(directory + '/policy', 'utf8');
      require('node:assert').deepEqual([code, fs.readdirSync(directory), text], ['ENOSPC', ['policy'], 'old']);
    `;
      execFileSync('unshare', ['-m', process.execPath, '--import', 'tsx', '-e', script, directory], {
        cwd: join(import.meta.dirname, '../..'),
        stdio: 'pipe',
      });
    },
  );
});
