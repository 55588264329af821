import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { load } from 'js-yaml';
import type { FileKind } from './declared-apps.ts';

/** Longer than any process file; it is kept in memory twice. */
const MAX_BYTES = 16 << 20;

/**
 * What a process file evaluates to, as Common.parseConfig of PM2 5.4 to 7.0 does it. **This runs the file's code**,
 * JSON included (PM2 takes it for a JavaScript expression): only in a process of the user who would run it.
 *
 * @param path absolute; the file is read, whatever its kind, because PM2 reads it first
 * @throws whatever the file throws
 */
export function evaluateFile(path: string, kind: FileKind): unknown {
  const text = textOf(path);
  switch (kind) {
    case 'json':
      return evaluateText(text);
    case 'yaml':
      return load(text);
    case 'js':
    case 'mjs':
      return createRequire(path)(path) as unknown;
  }
}

/** What standard input evaluates to: JavaScript of any kind, within PM2's second. */
export function evaluateText(text: string): unknown {
  return runInThisContext(`(${text})`, { timeout: 1000 });
}

/** A FIFO or device would make us wait for it, or take from PM2 what it should read. */
function textOf(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('is no regular file');
    if (stat.size > MAX_BYTES) throw new Error('is too long');
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
