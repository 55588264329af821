import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** One thing that the kernel passes on the way to a path, by its physical place. */
export interface PathStep {
  path: string;
  uid: number;
  gid: number;
  /** Permission bits. */
  mode: number;
  type: 'directory' | 'link' | 'other';
}

const MAX_LINKS = 40; // the kernel's own limit, path_resolution(7)

/**
 * All that a path leads through: each directory, each symbolic link, and what stands before the target of a link; the
 * root directory is left out. Whoever can write to one of them decides where the path leads.
 *
 * @param path absolute
 * @returns as far as the way goes: it may end early where something is missing or not the caller's to see
 */
export function wayTo(path: string, links = MAX_LINKS): PathStep[] {
  const steps: PathStep[] = [];
  let at = '/';
  try {
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      at = join(at, name);
      const stat = lstatSync(at);
      steps.push(step(at, stat));
      if (!stat.isSymbolicLink()) continue;
      if (links === 0) return steps;
      steps.push(...wayTo(resolve(dirname(at), readlinkSync(at)), links - 1));
      at = realpathSync.native(at);
    }
  } catch {
    // the way ends here
  }
  return steps;
}

function step(path: string, stat: Stats): PathStep {
  return {
    path,
    uid: stat.uid,
    gid: stat.gid,
    mode: stat.mode & 0o7777,
    type: stat.isSymbolicLink() ? 'link' : stat.isDirectory() ? 'directory' : 'other',
  };
}

/**
 * Whether anybody on this host can get to what a path leads to: every directory before it lets others pass. Without
 * ACLs.
 */
export function isOpenToOthers(path: string): boolean {
  return wayTo(dirname(path)).every(({ type, mode }) => type !== 'directory' || (mode & 0o001) !== 0);
}

/** Somebody who could exchange what a path leads to. */
export interface Exchanger {
  step: PathStep;
  /** A sentence about it. */
  why: string;
  by: 'owner' | 'everybody' | 'group';
  /** Only root can change the directories above: a command that names it reaches it. */
  anchored: boolean;
}

/**
 * Who else than root and one user could put something else in the place of what a path leads to. A sticky directory
 * (/tmp) lets nobody exchange what another owns; a group counts where somebody else is in it.
 *
 * @param way as far as it matters (wayTo)
 * @param user uid of the one who may
 * @param members of a group, by gid: those whose primary group it is, too
 */
export function exchanger(
  way: readonly PathStep[],
  user: number,
  members: (gid: number) => readonly number[],
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
          by: 'everybody',
          anchored,
          why: `${step.path} is writable by everybody (mode ${octal(step.mode)})`,
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

/** As `ls` and `chmod` have it: `0755`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
