import { lstatSync, readdirSync, realpathSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { statOf } from '../runtime/peek.ts';
import { findUntrusted, entryFault, type Distrust } from '../trust/trust.ts';

const NODE_MODULES = /^.*\/node_modules(?=\/)/;
/** Files that node never loads, a seventh of pm2's files. */
const DOCUMENTATION = /\.(md|markdown|map|d\.[cm]?ts)$/i;

/**
 * Whether only root can change what a pm2 may load: all files and directories of its package, and of the packages
 * that its symlinks lead to. It checks thousands of files. The answer stays true until root changes the package,
 * because no other user can then write, add or replace a file.
 * @param pm2Package physical path of the package's directory
 * @returns the first part that a user other than root could change; null: there is none
 */
export function foreignPartOf(pm2Package: string): Distrust | null {
  const shared = NODE_MODULES.exec(pm2Package)?.[0];
  // pnpm and yarn install pm2's dependencies beside it, npm below it.
  const own = statOf(join(pm2Package, 'node_modules')) !== null;
  const pending = [own || shared === undefined ? pm2Package : shared];
  const seen: string[] = [];
  for (let tree = pending.pop(); tree !== undefined; tree = pending.pop()) {
    const place = tree;
    if (seen.some((other) => place === other || place.startsWith(`${other}/`))) continue;
    seen.push(place);
    const fault = findUntrusted(place, 'directory') ?? faultBelow(place, pending);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * @param directory only root can change it
 * @param pending receives the directories that symlinks lead to
 */
function faultBelow(directory: string, pending: string[]): Distrust | null {
  for (const entry of entriesOf(directory)) {
    if (entry.isFile() && DOCUMENTATION.test(entry.name)) continue; // lodash.map is a directory
    const path = `${directory}/${entry.name}`;
    const stat = statOf(path);
    if (stat === null) continue; // npm is changing it now
    const fault =
      entryFault(path, stat) ??
      (stat.isDirectory() ? faultBelow(path, pending) : stat.isSymbolicLink() ? faultOfLink(path, pending) : null);
    if (fault !== null) return fault;
  }
  return null;
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function faultOfLink(link: string, pending: string[]): Distrust | null {
  let target: string;
  try {
    target = realpathSync.native(link);
  } catch {
    const fault = findUntrusted(link, 'file');
    return fault?.kind === 'missing' ? null : fault; // only root could create it
  }
  if (!lstatSync(target).isDirectory()) return findUntrusted(target, 'file');
  pending.push(NODE_MODULES.exec(target)?.[0] ?? target);
  return null;
}
