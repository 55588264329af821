import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Obstacle {
  path: string;
  /** `is closed to it (mode 0700)`. */
  why: string;
}

/** Why this process cannot read a file or enter a directory. Null: it can, or the path is missing. */
export function obstacleFor(path: string, type: 'file' | 'directory'): Obstacle | null {
  if (allows(path, type === 'file' ? constants.R_OK : constants.X_OK)) return null;
  let closed = path;
  for (let above = dirname(path); above !== closed && !allows(above, constants.X_OK); above = dirname(above))
    closed = above;
  const parent = dirname(closed);
  const at = closed !== path || statOrNull(path) !== null ? closed : parent;
  const stat = statOrNull(at);
  return {
    path: at,
    why: stat === null ? 'is closed' : `is closed (mode ${(stat.mode & 0o7777).toString(8).padStart(4, '0')})`,
  };
}

function allows(path: string, how: number): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EACCES';
  }
}

function statOrNull(path: string): { mode: number } | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}
