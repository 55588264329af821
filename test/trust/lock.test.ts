import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../bundle.mjs';
import { asPid } from '../../src/runtime/brands.ts';
import { startOf } from '../../src/runtime/process-start.ts';
import { lock } from '../../src/trust/lock.ts';

describe('a lock', () => {
  let place: string;
  let file: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lock-'));
    file = join(place, 'lock');
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  it('holds, and is let go', () => {
    const release = lock(file);
    expect(lock(file)).toBe(process.pid);
    if (typeof release === 'function') release();
    expect(readdirSync(place)).toEqual([]);
    expect(lock(file)).toBeTypeOf('function');
  });
  const mine = () => {
    expect([readlinkSync(file), readdirSync(place)]).toEqual([
      `${process.pid} ${startOf(asPid(process.pid)) ?? ''}`,
      ['lock'],
    ]);
  };
  it.each([
    ['a process that has ended', '4194304 1'],
    ['another one of the same number', `${process.pid} 1`],
    ['nobody', ' '],
    ['nonsense', 'x y'],
    ['a negative number', '-1 '],
    ['all', '0 '],
  ])('of %s does not hold', (_, text) => {
    symlinkSync(text, file);
    expect(lock(file)).toBeTypeOf('function');
    mine();
  });
  it('that is none does not hold', () => {
    writeFileSync(file, `${process.pid}\n`);
    expect(lock(file)).toBeTypeOf('function');
    mine();
  });
  it('of a system without /proc holds as long as there is such a process', async () => {
    const child = spawn('sleep', ['1000']);
    symlinkSync(`${child.pid ?? ''} `, file);
    expect(lock(file)).toBe(child.pid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(lock(file)).toBeTypeOf('function');
  });
  it('of a process that has ended is taken by one of many, never by two', async () => {
    await bundle({ contend: 'test/trust/contend-for-lock.ts' }, place);
    const many = Array.from({ length: 6 }, () =>
      promisify(execFile)(process.execPath, [join(place, 'contend.cjs'), file, '4000']),
    );
    const counts = (await Promise.all(many)).map(
      ({ stdout }) => JSON.parse(stdout) as { held: number; shared: number },
    );
    expect(counts.map(({ shared }) => shared)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.min(...counts.map(({ held }) => held))).toBeGreaterThan(0);
  });
  it('is not to be had where nothing can be made', () => {
    expect(() => lock(join(place, 'nowhere/lock'))).toThrow('ENOENT');
  });
});
