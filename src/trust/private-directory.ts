import type { Uid } from '../runtime/brands.ts';
import { statOf } from '../runtime/peek.ts';

const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;
const STICKY = 0o1000;

/**
 * Whether only this user and root can change the directory's contents or replace it. In a sticky parent directory of
 * root, such as /tmp, only the owner can rename it (unlink(2), EPERM). Rejects symlinks.
 */
export function isPrivateDirectory(path: string, uid: Uid): boolean {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    if (!mayStandAbove(path.slice(0, end), uid)) return false;
  }
  const stat = statOf(path);
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & OTHERS_ANYTHING) === 0;
}

function mayStandAbove(path: string, uid: Uid): boolean {
  const stat = statOf(path);
  if (stat?.isDirectory() !== true) return false;
  const closed = (stat.mode & OTHERS_WRITE) === 0;
  return stat.uid === 0 ? closed || (stat.mode & STICKY) !== 0 : stat.uid === uid && closed;
}
