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

let serial = 0;

/**
 * Replaces a file as a whole: whoever reads it, and a machine that loses power, sees the old text or the new one, never
 * a part. Written beside it under a new name (O_EXCL: never through a link that was put there), synced, then renamed.
 * On failure nothing is left behind and the old file stands.
 *
 * @param mode exactly these permission bits, whatever the umask
 * @param owner whose it is; null: what the system gives a new file
 * @throws the system's error (ENOSPC, EROFS, EACCES...), with the path, which write(2) itself does not tell
 */
export function replaceFile(
  path: string,
  text: string | Uint8Array,
  mode: number,
  owner: { uid: number; gid: number } | null = null,
): void {
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.${++serial}.new`);
  const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    try {
      writeFileSync(fd, text);
      if (owner !== null) fchownSync(fd, owner.uid, owner.gid); // before fchmod: it takes set-user-ID bits away
      fchmodSync(fd, mode);
      // Without this a rename may reach the disk before the text: an empty file after a crash (rename(2), ext4
      // delalloc).
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, path);
  } catch (error) {
    try {
      unlinkSync(fresh);
    } catch {
      // the first error is the one to tell
    }
    throw Object.assign(error as Error, { path });
  }
  syncDirectory(dirname(path));
}

/** Makes the rename itself durable; not every file system can. */
function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // EINVAL on some network file systems; the file itself is complete
  }
}
