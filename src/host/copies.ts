import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { accountByUid, localAccounts } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { statOf } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { distrust } from '../trust/trust.ts';
import { globalPm2Packages, nodesOnHost, pm2PackagesBelow } from './pm2-packages.ts';

/** A pm2 or a node on this host. */
export interface Copy {
  of: 'pm2' | 'node';
  /** Physical: PM2's bin/pm2, or node itself. */
  file: string;
  /** Of pm2's package.json; of a node, what the names of its directories say; null: they do not. */
  version: string | null;
  /** The account that owns the file; null: a uid without one. */
  owner: string | null;
  /** Where somebody other than root could change it; null: nobody can. */
  changeable: Changeable | null;
}

/** As src/trust/trust.ts tells it; of a package, for any file in it. */
export interface Changeable {
  path: string;
  kind: 'owner' | 'writable' | 'other';
  /** `is owned by uid 1000, not by root`. */
  why: string;
}

const MOST_FILES = 20_000;
/** What no node loads, a seventh of pm2's files. */
const DOCUMENTATION = /\.(md|markdown|map|d\.[cm]?ts)$/i;

/**
 * Every pm2 and node that npm and the usual version managers have put on this host, and those that are named.
 *
 * @param named files that daemons run, units start or a record names; a `pm2` or a `node`
 */
export function copiesOnHost(named: readonly string[]): Copy[] {
  const homes = [...new Set(localAccounts().map(({ home }) => home))].filter((home) => isAbsolute(home) && home !== '/');
  const packages = [...globalPm2Packages(SYSTEM_PATH, []), ...homes.flatMap(pm2PackagesBelow)];
  const files = [...packages.map((directory) => join(directory, 'bin/pm2')), ...nodesOnHost(homes), ...named].map(physical);
  return [...new Set(files.filter((file) => file !== null))].map(copyAt).filter((copy) => copy !== null);
}

/** Null: it is neither. */
function copyAt(file: string): Copy | null {
  const root = dirname(dirname(file));
  const uid = statOf(file)?.uid;
  const owner = uid === undefined ? null : accountByUid(uid)?.name ?? null;
  const manifest = /(^|\/)(pm2|pm2-runtime)$/.test(file) ? manifestOf(root) : null;
  if (manifest?.name === 'pm2')
    return {
      of: 'pm2',
      file,
      version: typeof manifest.version === 'string' ? manifest.version : null,
      owner,
      changeable: changeable(root),
    };
  if (!/\/node(js)?$/.test(file)) return null;
  return {
    of: 'node',
    file,
    version: /\/v?(\d+\.\d+\.\d+)\//.exec(file)?.[1] ?? null,
    owner,
    changeable: faultOf(file, 'file'),
  };
}

function manifestOf(root: string): { name?: unknown; version?: unknown } | null {
  try {
    return JSON.parse(readRegularFile(join(root, 'package.json'), 1 << 20).toString('utf8')) as { name?: unknown; version?: unknown } | null;
  } catch {
    return null;
  }
}

/** A package is code that runs: the way to it, and each file and directory in it. */
function changeable(root: string): Changeable | null {
  const way = faultOf(root, 'directory');
  if (way !== null) return way;
  let left = MOST_FILES;
  const directories = [root];
  for (const directory of directories) {
    // Read at once: nobody but root could have filled it, as was seen before it was put on the list.
    for (const entry of entriesOf(directory)) {
      if (entry.isFile() && DOCUMENTATION.test(entry.name)) continue; // lodash.map is a directory
      if (left-- === 0) return null;
      const path = `${directory}/${entry.name}`;
      const stat = statOf(path);
      if (stat === null) continue; // npm is at work in it
      const { uid, mode } = stat;
      if (uid !== 0) return { path, kind: 'owner', why: `is owned by uid ${uid}, not by root` };
      if (!stat.isSymbolicLink() && (mode & 0o022) !== 0) return { path, kind: 'writable', why: `is writable by ${mode & 0o002 ? 'everybody' : 'its group'}` };
      if (stat.isDirectory()) directories.push(path);
    }
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

function faultOf(path: string, type: 'file' | 'directory'): Changeable | null {
  const fault = distrust(path, type);
  return fault === null ? null : { path: fault.path, kind: fault.kind === 'owner' || fault.kind === 'writable' ? fault.kind : 'other', why: fault.why };
}

function physical(path: string): string | null {
  try {
    const file = realpathSync.native(path);
    return statSync(file).isFile() ? file : null;
  } catch {
    return null;
  }
}
