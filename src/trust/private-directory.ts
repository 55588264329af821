import { statOf } from '../runtime/peek.ts';

const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;
const STICKY = 0o1000;

/**
 * Whether only one user, and root, can change what a directory holds: it is that user's own and closed to all others,
 * and no other user can put another one in its place. Above it stand directories of root's or of that user's that no
 * other can write; or a sticky one of root's, such as /tmp, in which only its owner can rename or remove the directory
 * (unlink(2), EPERM). A link on the way is refused.
 *
 * @param path absolute and normalised
 */
export function isPrivateDirectory(path: string, uid: number): boolean {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    if (!mayStandAbove(path.slice(0, end), uid)) return false;
  }
  const stat = statOf(path);
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & OTHERS_ANYTHING) === 0;
}

function mayStandAbove(path: string, uid: number): boolean {
  const stat = statOf(path);
  if (stat?.isDirectory() !== true) return false;
  const closed = (stat.mode & OTHERS_WRITE) === 0;
  return stat.uid === 0 ? closed || (stat.mode & STICKY) !== 0 : stat.uid === uid && closed;
}
