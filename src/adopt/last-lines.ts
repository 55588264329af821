import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface LogRequest {
  /** Absolute. */
  path: string;
  lines: number;
  /** Only what was written after this many bytes: the log may be years old. */
  from: number;
}

const MAX_BYTES = 16_384;

/** The last lines of a log, as its user may read it; none where it cannot be read, or is no file. */
export function lastLines({ path, lines, from }: LogRequest): string[] {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO must not make us wait
  } catch {
    return [];
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return [];
    const start = Math.max(stat.size < from ? 0 : from, stat.size - MAX_BYTES); // shorter than before: it was rotated
    const text = Buffer.alloc(Math.max(0, stat.size - start));
    const got = readSync(fd, text, 0, text.length, start);
    return text.toString('utf8', 0, got).split('\n').filter((line) => line.trim() !== '').slice(-lines);
  } finally {
    closeSync(fd);
  }
}
