import { accessSync, constants } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { linkOf, statOf } from '../runtime/peek.ts';

export interface Obstacle {
  path: string;
  /** As text: `is closed (mode 0700)`. */
  why: string;
}

/** Why this process cannot read a file or enter a directory. Null: it can, or the path is missing. */
export function obstacleFor(path: string, type: 'file' | 'directory'): Obstacle | null {
  return allows(path, type === 'file' ? constants.R_OK : constants.X_OK) ? null : firstClosed(path, MAX_LINKS);
}

/** The first directory of the path that is closed, else the path itself. Symlinks are followed one by one. */
function firstClosed(path: string, linksLeft: number): Obstacle {
  let at = '/';
  const names = path.split('/').filter((name) => name !== '');
  for (const [index, name] of names.entries()) {
    if (!allows(at, constants.X_OK)) break;
    at = join(at, name);
    const target = linkOf(at);
    if (target !== null && linksLeft > 0)
      return firstClosed(join(resolve(dirname(at), target), ...names.slice(index + 1)), linksLeft - 1);
  }
  const mode = statOf(at)?.mode;
  return {
    path: at,
    why: mode === undefined ? 'is closed' : `is closed (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`,
  };
}

const MAX_LINKS = 40; // as in the kernel, path_resolution(7)

function allows(path: string, how: number): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}
