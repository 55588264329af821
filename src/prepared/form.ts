import { lstatSync, readFileSync, type Stats } from 'node:fs';

/** Raised whenever the shape below changes, or what `compile.ts` makes of it. */
export const FORMAT = 1;

/** One state of a file or a directory. An equal state means: nothing was written, renamed or replaced in between. */
export type State = readonly [ino: number, size: number, mtimeMs: number, ctimeMs: number];

/** What a prepared file says. Its code follows: V8's cached data of each module, one after the other. */
export interface Prepared {
  format: number;
  /** process.version, for reports. */
  version: string;
  node: { path: string; state: State };
  /** Why there is nothing to use, so that it is not tried again before a file changes; null: there is. */
  none: string | null;
  /** The files that were loaded, each package.json beside or above them, and all directories between: all that node asks about. */
  paths: string[];
  /** Of each path four numbers: a State. */
  states: number[];
  /** The directories in which node looks for a module, as it joins them. `global`: node's own global directories come last. */
  lookups: { text: string; global: boolean }[];
  /** By request and lookup, the path that was found: entries of Module._pathCache. */
  found: [request: string, lookup: number, path: number][];
  /** Modules whose code is kept. */
  modules: [path: number, length: number][];
  /** Where node's own loader stands in a stack: line and column of the call in Module._compile. */
  frame: { file: string; line: number; column: number } | null;
}

/**
 * Reads a prepared file.
 *
 * @returns null where there is none, or it is damaged or of another format
 */
export function readPrepared(file: string): { prepared: Prepared; code: Buffer } | null {
  try {
    const bytes = readFileSync(file);
    const end = bytes.indexOf(10);
    if (end < 0) return null;
    const prepared = JSON.parse(bytes.toString('latin1', 0, end)) as Prepared | null;
    return prepared?.format === FORMAT ? { prepared, code: bytes.subarray(end + 1) } : null;
  } catch {
    return null;
  }
}

/** JSON in ASCII in the first line, then the code. */
export function preparedBytes(prepared: Prepared, code: readonly Buffer[]): Buffer {
  const text = JSON.stringify(prepared).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Buffer.concat([Buffer.from(`${text}\n`, 'latin1'), ...code]);
}

/** Whether node and everything that was loaded are as they were. Asks the kernel once for each path. */
export function isValid({ node, paths, states }: Prepared): boolean {
  try {
    if (!isState(lstatSync(node.path), node.state, 0)) return false;
    for (let at = 0, path = paths[0]; path !== undefined; path = paths[++at]) if (!isState(lstatSync(path), states, at * 4)) return false;
    return true;
  } catch {
    return false; // something is gone
  }
}

/** Of `lstat`. ctime cannot be set back by touch(1), a package manager or a backup (inode(7)). */
export function stateOf({ ino, size, mtimeMs, ctimeMs }: Stats): State {
  return [ino, size, mtimeMs, ctimeMs];
}

function isState(stat: Stats, states: readonly number[], at: number): boolean {
  return stat.ctimeMs === states[at + 3] && stat.mtimeMs === states[at + 2] && stat.size === states[at + 1] && stat.ino === states[at];
}
