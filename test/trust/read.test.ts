import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRegularFile, UnreadableFile } from '../../src/trust/read.ts';

const directory = mkdtempSync(join(tmpdir(), 'pg-read-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const at = (name: string): string => join(directory, name);

function kindOf(path: string, maxBytes = 1000): string {
  try {
    return readRegularFile(path, maxBytes).toString();
  } catch (error) {
    if (error instanceof UnreadableFile) return error.kind;
    throw error;
  }
}

describe('a file that another user owns', () => {
  writeFileSync(at('text'), 'hello');
  writeFileSync(at('empty'), '');
  symlinkSync('text', at('link'));
  symlinkSync('nowhere', at('dangling'));
  execFileSync('mkfifo', [at('fifo')]);

  it('is read', () => {
    expect(kindOf(at('text'))).toBe('hello');
  });
  it('may be empty', () => {
    expect(kindOf(at('empty'))).toBe('');
  });
  it('may be as long as allowed', () => {
    expect(kindOf(at('text'), 5)).toBe('hello');
  });
  it('may not be longer', () => {
    expect(kindOf(at('text'), 4)).toBe('size');
  });
  it('is no link', () => {
    expect(kindOf(at('link'))).toBe('link');
  });
  it('is no dangling link', () => {
    expect(kindOf(at('dangling'))).toBe('link');
  });
  it('is no FIFO, which would make us wait', () => {
    expect(kindOf(at('fifo'))).toBe('type');
  });
  it('is no directory', () => {
    expect(kindOf(directory)).toBe('type');
  });
  it('is no endless device', () => {
    expect(kindOf('/dev/zero')).toBe('type');
  });
  it('may be missing', () => {
    expect(kindOf(at('none'))).toBe('missing');
  });
  it('is no socket', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(at('socket'), done));
    try {
      expect(kindOf(at('socket'))).toBe('type');
    } finally {
      server.close();
    }
  });
  it.runIf(process.platform === 'linux')('is read from /proc, which announces no size', () => {
    expect(kindOf('/proc/self/status', 100_000)).toContain('Pid:');
    expect(kindOf('/proc/self/status', 100)).toBe('size');
  });
});
