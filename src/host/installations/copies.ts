import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { accountByUid, localAccounts } from '../../identity/accounts.ts';
import { SYSTEM_PATH } from '../../identity/environment.ts';
import { foreignPartOf } from '../../pm2/package-trust.ts';
import { statOf } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { findUntrusted, type Distrust } from '../../trust/trust.ts';
import { globalPm2Packages, nodesOnHost, pm2PackagesBelow } from './pm2-packages.ts';

export interface InstalledCopy {
  of: 'pm2' | 'node';
  /** Without symlinks: bin/pm2, or node. */
  file: string;
  /** From package.json, or for node from a directory name; null: unknown. */
  version: string | null;
  /** Null: a uid without an account. */
  owner: string | null;
  /** The part that users other than root can change. */
  changeable: Changeable | null;
}

export interface Changeable {
  path: string;
  kind: 'owner' | 'writable' | 'other';
  why: string;
}

/** Every pm2 and node of npm, the usual version managers, and `named`: files that daemons, units or records name. */
export function copiesOnHost(named: readonly string[]): InstalledCopy[] {
  const homeDirectories = [...new Set(localAccounts().map(({ homeDirectory }) => homeDirectory))].filter(
    (homeDirectory) => isAbsolute(homeDirectory) && homeDirectory !== '/',
  );
  const packages = [...globalPm2Packages(SYSTEM_PATH, []), ...homeDirectories.flatMap(pm2PackagesBelow)];
  const files = [
    ...packages.map((directory) => join(directory, 'bin/pm2')),
    ...nodesOnHost(homeDirectories),
    ...named,
  ].map(physical);
  return [...new Set(files.filter((file) => file !== null))].map(copyAt).filter((copy) => copy !== null);
}

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
