import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { accountByUid, localAccounts } from '../identity/accounts.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { statOf } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { globalPm2Packages, nodesOnHost, pm2PackagesBelow } from './pm2-packages.ts';

/** A pm2 or a node on this host. */
export interface InstalledCopy {
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

/**
 * Every pm2 and node that npm and the usual version managers have put on this host, and those that are named.
 *
 * @param named files that daemons run, units start or a record names; a `pm2` or a `node`
 */
export function copiesOnHost(named: readonly string[]): InstalledCopy[] {
  const homes = [...new Set(localAccounts().map(({ home }) => home))].filter(
    (home) => isAbsolute(home) && home !== '/',
  );
  const packages = [...globalPm2Packages(SYSTEM_PATH, []), ...homes.flatMap(pm2PackagesBelow)];
  const files = [...packages.map((directory) => join(directory, 'bin/pm2')), ...nodesOnHost(homes), ...named].map(
    physical,
  );
  return [...new Set(files.filter((file) => file !== null))].map(copyAt).filter((copy) => copy !== null);
}

/** Null: it is neither. */
function copyAt(file: string): InstalledCopy | null {
  const root = dirname(dirname(file));
  const uid = statOf(file)?.uid;
  const owner = uid === undefined ? null : (accountByUid(uid)?.name ?? null);
  const manifest = /(^|\/)(pm2|pm2-runtime)$/.test(file) ? manifestOf(root) : null;
  if (manifest?.name === 'pm2')
    return {
      of: 'pm2',
      file,
      version: typeof manifest.version === 'string' ? manifest.version : null,
      owner,
      changeable: changeableBy(foreignPartOf(root)),
    };
  if (!/\/node(js)?$/.test(file)) return null;
  return {
    of: 'node',
    file,
    version: /\/v?(\d+\.\d+\.\d+)\//.exec(file)?.[1] ?? null,
    owner,
    changeable: changeableBy(findUntrusted(file, 'file')),
  };
}

function manifestOf(root: string): { name?: unknown; version?: unknown } | null {
  try {
    return JSON.parse(readRegularFile(join(root, 'package.json'), 1 << 20).toString('utf8')) as {
      name?: unknown;
      version?: unknown;
    } | null;
  } catch {
    return null;
  }
}

function changeableBy(fault: Distrust | null): Changeable | null {
  return fault === null
    ? null
    : {
        path: fault.path,
        kind: fault.kind === 'owner' || fault.kind === 'writable' ? fault.kind : 'other',
        why: fault.why,
      };
}

function physical(path: string): string | null {
  try {
    const file = realpathSync.native(path);
    return statSync(file).isFile() ? file : null;
  } catch {
    return null;
  }
}
