import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { load } from 'js-yaml';
import type { FileKind } from './declared-apps.ts';

/** More than any process file needs; it is kept in memory twice. */
const MAX_BYTES = 16 << 20;

/**
 * The value of a process file, as Common.parseConfig of PM2 5.4 to 7.0 evaluates it. **This runs the file's code**,
 * also for JSON, which PM2 evaluates as JavaScript. Call it only in a process of the user who would run it.
 * @param path absolute; every kind is read first, because PM2 does so
 * @throws any error of the file
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

/** The value of the JavaScript on standard input, within PM2's limit of one second. */
export function evaluateText(text: string): unknown {
  return runInThisContext(`(${text})`, { timeout: 1000 });
}

/** Reading a FIFO or device could block, or take PM2's input. */
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
