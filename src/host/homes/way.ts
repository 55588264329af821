import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { asFileStats, type FileStats, type Gid, type Uid } from '../../runtime/brands.ts';

/** One step of the kernel's path resolution, by its physical path. */
export interface PathStep {
  path: string;
  uid: Uid;
  gid: Gid;
  mode: number;
  type: 'directory' | 'link' | 'other';
}

const MAX_LINKS = 40; // kernel limit, path_resolution(7)

/** Each step of a path, without `/`. A user who can write to one controls the path. Ends early at a hidden part. */
export function wayTo(path: string, links = MAX_LINKS): PathStep[] {
  const steps: PathStep[] = [];
  let at = '/';
  try {
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      at = join(at, name);
      const stat = asFileStats(lstatSync(at));
      steps.push(step(at, stat));
      if (!stat.isSymbolicLink()) continue;
      if (links === 0) return steps;
      steps.push(...wayTo(resolve(dirname(at), readlinkSync(at)), links - 1));
      at = realpathSync.native(at);
    }
  } catch {
    // missing or hidden
  }
  return steps;
}

function step(path: string, stat: FileStats): PathStep {
  return {
    path,
    uid: stat.uid,
    gid: stat.gid,
    mode: stat.mode & 0o7777,
    type: stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : 'other',
  };
}

/** Whether all users can reach the parent directory of a path. Ignores ACLs. */
export function parentsAreSearchable(path: string): boolean {
  return wayTo(dirname(path)).every(({ type, mode }) => type !== 'directory' || (mode & 0o001) !== 0);
}

export interface Exchanger {
  step: PathStep;
  why: string;
  by: 'owner' | 'all' | 'group';
  /** Only root can change the directories above, so a command on this path meets this very file. */
  anchored: boolean;
}

/**
 * A user besides root and `user` who can replace what a path leads to. In a sticky directory (/tmp) only the owner
 * can replace a file. A group counts only if it has another member.
 *
 * @param members of a group; also the users who have it as their primary group
 */
export function exchanger(
  way: readonly PathStep[],
  user: Uid,
  members: (gid: Gid) => readonly Uid[],
): Exchanger | null {
  let anchored = true;
  for (const step of way) {
    if (step.uid !== 0 && step.uid !== user)
      return { step, by: 'owner', anchored, why: `${step.path} belongs to uid ${step.uid}` };
    const writable = step.type !== 'link' && (step.mode & 0o022) !== 0;
    if (writable && (step.mode & 0o1000) === 0) {
      if ((step.mode & 0o002) !== 0) {
        return {
          step,
          by: 'all',
          anchored,
          why: `${step.path} is writable by all users (mode ${octal(step.mode)})`,
        };
      }
      const others = members(step.gid).filter((uid) => uid !== 0 && uid !== user);
      if (others.length > 0) {
        const why =
          `${step.path} is writable by its group, gid ${step.gid} (mode ${octal(step.mode)}), ` +
          `with uid ${others.slice(0, 3).join(', ')} in it`;
        return { step, by: 'group', anchored, why };
      }
    }
    anchored &&= step.uid === 0 && !writable;
  }
  return null;
}

/** `0755` */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
