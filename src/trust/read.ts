import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';

/** Why a file was not read. `code` is the errno name where the system said so. */
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
 * The bytes of a regular file that somebody else may own (a dump, a pid file, a unit below /home). A symbolic link at
 * its end is refused (open(2) O_NOFOLLOW), a FIFO or a device cannot make us wait (O_NONBLOCK), and what was opened is
 * what is looked at (fstat, not stat), so that nothing can be put in its place in between.
 *
 * @param maxBytes refuse a longer file; it may also not grow past that while it is read
 * @param owner refuse a file that another user owns or can write, or that has a second name (a hard link to another
 *   file of this user's); null: any
 * @throws UnreadableFile
 */
export function readRegularFile(path: string, maxBytes: number, owner: number | null = null): Buffer {
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

function isOnly({ uid, mode, nlink }: Stats, owner: number): boolean {
  return uid === owner && (mode & 0o022) === 0 && nlink === 1;
}

function readAll(fd: number, path: string, maxBytes: number, size: number): Buffer {
  // One byte more than announced shows whether it grew; files of /proc announce 0 and are read all the same.
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
  // O_NOFOLLOW: ELOOP on Linux and macOS, EMLINK on FreeBSD.
  if (code === 'ELOOP' || code === 'EMLINK') return new UnreadableFile(path, 'link', 'is a symbolic link', code);
  if (code === 'ENXIO') return new UnreadableFile(path, 'type', 'is no regular file', code); // a socket: open(2)
  return new UnreadableFile(path, 'unreadable', `cannot be read (${code})`, code);
}
