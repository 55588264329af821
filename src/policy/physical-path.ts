import { isDirectory, ownerOf, realpathOrNull } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';

/**
 * Where a path of the config leads through symlinks. A process knows its working directory only by this path.
 * A link that only root or the owner of its target could have made counts: no user can lead the path to the files of
 * another user.
 * @returns null: no symlink is on the way, it leads nowhere, or another user could have made it
 */
export function physicalPath(path: string): string | null {
  const physical = realpathOrNull(path);
  const owner = physical === null || physical === path ? null : ownerOf(physical);
  if (physical === null || owner === null) return null;
  const type = isDirectory(physical) ? 'directory' : 'file';
  return findUntrusted(path, type, { uid: owner, gid: null }) === null ? physical : null;
}
