import { lstatSync, opendirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { localAccounts } from '../identity/accounts.ts';
import { readRegularFile } from '../trust/read.ts';
import { distrust } from '../trust/trust.ts';

/** A pm2 or a node on this host. */
export interface Copy {
  of: 'pm2' | 'node';
  /** Physical: PM2's bin/pm2, or node itself. */
  file: string;
  /** Of pm2's package.json; of a node, what the names of its directories say; null: they do not. */
  version: string | null;
  /** Who other than root could change it, a sentence; null: nobody. */
  changeable: string | null;
}

/** Where npm, package managers and version managers put a node or its global packages; `*` is any one name. */
const SYSTEM_PREFIXES = ['/usr', '/usr/local', '/opt/*', '/opt/node/*', '/usr/local/n/versions/node/*', '/usr/local/nvm/versions/node/*', '/usr/local/lib/nodejs/*'];
const USER_PREFIXES = [
  '.npm-global', '.local', '.nvm/versions/node/*', '.n/n/versions/node/*', '.volta/tools/image/node/*', '.volta/tools/image/packages/pm2',
  '.fnm/node-versions/*/installation', '.local/share/fnm/node-versions/*/installation', '.asdf/installs/nodejs/*', '.local/share/mise/installs/node/*', '.nodenv/versions/*',
];
/** Global directories of pnpm, yarn and bun, which have no prefix. */
const USER_PACKAGES = ['.local/share/pnpm/global/5/node_modules', '.config/yarn/global/node_modules', '.bun/install/global/node_modules', 'node_modules'];
const MOST_PER_WILDCARD = 50;
const MOST_FILES = 20_000;

/**
 * Every pm2 and node that npm and the usual version managers have put on this host, and those that are named.
 *
 * @param named files that daemons run, units start or a record names; a `pm2` or a `node`
 */
export function copiesOnHost(named: readonly string[]): Copy[] {
  const homes = [...new Set(localAccounts().map(({ home }) => home))].filter((home) => isAbsolute(home) && home !== '/');
  const prefixes = [...SYSTEM_PREFIXES, ...homes.flatMap((home) => [...USER_PREFIXES.map((prefix) => join(home, prefix)), ...npmPrefix(home)])].flatMap(expanded);
  const packages = [...prefixes.map((prefix) => join(prefix, 'lib/node_modules')), ...homes.flatMap((home) => USER_PACKAGES.map((place) => join(home, place)))];
  const files = [...packages.map((place) => join(place, 'pm2/bin/pm2')), ...prefixes.map((prefix) => join(prefix, 'bin/node')), ...named].map(physical);
  return [...new Set(files.filter((file) => file !== null))].map(copyAt).filter((copy) => copy !== null);
}

/** Null: it is neither. */
function copyAt(file: string): Copy | null {
  const root = dirname(dirname(file));
  const manifest = /(^|\/)(pm2|pm2-runtime)$/.test(file) ? manifestOf(root) : null;
  if (manifest?.name === 'pm2') return { of: 'pm2', file, version: typeof manifest.version === 'string' ? manifest.version : null, changeable: changeable(root) };
  if (!/\/node(js)?$/.test(file)) return null;
  return { of: 'node', file, version: /\/v?(\d+\.\d+\.\d+)\//.exec(file)?.[1] ?? null, changeable: faultOf(file, 'file') };
}

function manifestOf(root: string): { name?: unknown; version?: unknown } | null {
  try {
    return JSON.parse(readRegularFile(join(root, 'package.json'), 1 << 20).toString('utf8')) as { name?: unknown; version?: unknown } | null;
  } catch {
    return null;
  }
}

/** All of a package is code that runs: the way to it, and each file and directory in it. */
function changeable(root: string): string | null {
  const way = faultOf(root, 'directory');
  if (way !== null) return way;
  let left = MOST_FILES;
  const directories = [root];
  for (const directory of directories) {
    let opened;
    try {
      opened = opendirSync(directory, { bufferSize: 256 });
    } catch {
      continue;
    }
    try {
      for (let next = opened.readSync(); next !== null && left > 0; next = opened.readSync(), left -= 1) {
        const path = join(directory, next.name);
        const { uid, mode } = lstatSync(path);
        if (uid !== 0) return `${path} is owned by uid ${uid}, not by root`;
        if (!next.isSymbolicLink() && (mode & 0o022) !== 0) return `${path} is writable by ${mode & 0o002 ? 'everybody' : 'its group'}`;
        if (next.isDirectory()) directories.push(path);
      }
    } finally {
      opened.closeSync();
    }
  }
  return null;
}

function faultOf(path: string, type: 'file' | 'directory'): string | null {
  const fault = distrust(path, type);
  return fault === null ? null : `${fault.path} ${fault.why}`;
}

/** `prefix=` of a user's ~/.npmrc. */
function npmPrefix(home: string): string[] {
  try {
    const prefix = /^\s*prefix\s*=\s*(.+?)\s*$/m.exec(readRegularFile(join(home, '.npmrc'), 1 << 16).toString('utf8'))?.[1]?.replace(/^(~|\$\{HOME\})(?=\/)/, home);
    return prefix !== undefined && isAbsolute(prefix) && !prefix.includes('*') ? [prefix] : [];
  } catch {
    return [];
  }
}

function expanded(pattern: string): string[] {
  const at = pattern.indexOf('/*');
  if (at < 0) return [pattern];
  const [before, after] = [pattern.slice(0, at), pattern.slice(at + '/*'.length)];
  try {
    return readdirSync(before).slice(0, MOST_PER_WILDCARD).flatMap((name) => expanded(join(before, name) + after));
  } catch {
    return [];
  }
}

function physical(path: string): string | null {
  try {
    const file = realpathSync.native(path);
    return statSync(file).isFile() ? file : null;
  } catch {
    return null;
  }
}
