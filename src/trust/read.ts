import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { Uid } from '../runtime/brands.ts';

export class UnreadableFile extends Error {
  constructor(
    readonly path: string,
    readonly kind: 'missing' | 'unreadable' | 'link' | 'type' | 'size' | 'owner',
    message: string,
    readonly code: string | null = null,
  ) {
    super(`${path} ${message}`);
    this.name = 'UnreadableFile';
  }
}

/**
 * Reads a file that another user may own. Rejects symlinks (O_NOFOLLOW), does not wait for a FIFO (O_NONBLOCK), and
 * checks the opened file by fstat, so that it cannot be exchanged.
 *
 * @param owner reject other owners, files that others can write, and hard links
 * @throws UnreadableFile
 */
export function readRegularFile(path: string, maxBytes: number, owner: Uid | null = null): Buffer {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw refused(path, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw new UnreadableFile(path, 'type', stat.isDirectory() ? 'is a directory' : 'is no regular file');
    if (owner !== null && !isOnly(stat, owner))
      throw new UnreadableFile(path, 'owner', `is not a file of uid ${owner} alone`);
    if (stat.size > maxBytes) throw tooLong(path, maxBytes);
    return readAll(fd, path, maxBytes, stat.size);
  } catch (error) {
    throw error instanceof UnreadableFile ? error : refused(path, error);
  } finally {
    closeSync(fd);
  }
}

function isOnly({ uid, mode, nlink }: Stats, owner: Uid): boolean {
  return uid === owner && (mode & 0o022) === 0 && nlink === 1;
}

function readAll(fd: number, path: string, maxBytes: number, size: number): Buffer {
  // One extra byte detects growth; /proc files have size 0.
  const chunks: Buffer[] = [];
  let total = 0;
  for (let want = size + 1; ; want = 65_536) {
    const chunk = Buffer.allocUnsafe(want);
    const got = readSync(fd, chunk, 0, want, null);
    if (got === 0) return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    total += got;
    if (total > maxBytes) throw tooLong(path, maxBytes);
    chunks.push(chunk.subarray(0, got));
  }
}

function tooLong(path: string, maxBytes: number): UnreadableFile {
  return new UnreadableFile(path, 'size', `is larger than ${maxBytes} bytes`);
}

function refused(path: string, error: unknown): UnreadableFile {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOENT') return new UnreadableFile(path, 'missing', 'does not exist', code);
  // ELOOP on Linux and macOS, EMLINK on FreeBSD.
  if (code === 'ELOOP' || code === 'EMLINK') return new UnreadableFile(path, 'link', 'is a symbolic link', code);
  if (code === 'ENXIO') return new UnreadableFile(path, 'type', 'is no regular file', code); // a socket: open(2)
  return new UnreadableFile(path, 'unreadable', `cannot be read (${code})`, code);
}
