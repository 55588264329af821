import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Gid, Uid } from '../runtime/brands.ts';

let serial = 0;

/**
 * Replaces a file atomically, also across a power loss. O_EXCL: never writes through a symlink of another user.
 *
 * @param mode exact permission bits, whatever the umask
 * @throws system error (ENOSPC, EROFS, EACCES...) with `path`, which write(2) lacks
 */
export function replaceFile(
  path: string,
  text: string | Uint8Array,
  mode: number,
  owner: { uid: Uid; gid: Gid } | null = null,
): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.${++serial}.new`);
  let made = false;
  try {
    const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    made = true;
    try {
      writeFileSync(fd, text);
      if (owner !== null) fchownSync(fd, owner.uid, owner.gid); // before fchmod: chown clears set-user-ID bits
      fchmodSync(fd, mode);
      // Otherwise the rename may reach the disk before the text (rename(2), ext4 delalloc).
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, path);
  } catch (error) {
    try {
      if (made) unlinkSync(fresh);
    } catch {
      // report the first error
    }
    throw Object.assign(error as Error, { path });
  }
  syncDirectory(dirname(path));
}

/** Makes the rename durable. */
function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // EINVAL on some network file systems
  }
}
