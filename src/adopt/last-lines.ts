import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

export interface LogRequest {
  path: string;
  lines: number;
}

const MAX_BYTES = 16_384;

/** The last lines of a log, as its user may read it; empty if it cannot be read or is no regular file. */
export function lastLines({ path, lines }: LogRequest): string[] {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // O_NONBLOCK: opening a FIFO would wait
  } catch {
    return [];
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return [];
    const start = Math.max(0, stat.size - MAX_BYTES);
    const text = Buffer.alloc(stat.size - start);
    const got = readSync(fd, text, 0, text.length, start);
    return text
      .toString('utf8', 0, got)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines);
  } finally {
    closeSync(fd);
  }
}
