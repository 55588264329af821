import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { VERSION } from '../policy/version.ts';
import { groupByGid, localAccounts } from '../identity/accounts.ts';
import { statOf } from '../runtime/peek.ts';
import { allFaults } from '../trust/all-faults.ts';
import type { Distrust } from '../trust/trust.ts';
import type { PackageSource } from './library.ts';
import { LIBRARY } from './places.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';

/** A pm2-guard in a package manager's directory. Install copies it; only the copy runs. */
export interface Package {
  manager: 'npm' | 'dpkg';
  directory: string;
  version: string;
}

/** As in packaging/deb.mjs. */
const DPKGS = '/usr/lib/pm2-guard';

export function packagesOnHost(): Package[] {
  const prefixes = new Set(['/usr', '/usr/local', dirname(dirname(process.execPath))]);
  const places = [...[...prefixes].map((prefix) => ['npm', npmDirectory(prefix)] as const), ['dpkg', DPKGS] as const];
  return places.flatMap(([manager, directory]) => {
    const version = versionOf(directory);
    return version === null ? [] : [{ manager, directory, version }];
  });
}

export function npmDirectory(prefix: string): string {
  return join(prefix, 'lib/node_modules/pm2-guard');
}

/**
 * A newer package than the installed copy that runs now. After `npm install -g`, `sudo pm2-guard install` still finds
 * the old copy first. Skips packages that others than root can change (docs/contract.md 7.1). Null also when no copy
 * runs.
 */
export function newerPackage(bundles: string): Package | null {
  if (!(bundles + sep).startsWith(LIBRARY + sep)) return null;
  const [newest = null] = packagesOnHost()
    .filter(
      ({ directory, version }) => compareVersions(version, VERSION) > 0 && packageFault(sourceOf(directory)) === null,
    )
    .sort((a, b) => compareVersions(b.version, a.version));
  return newest;
}

export function installFrom({ directory }: Package, words: readonly string[]): number {
  return (
    spawnSync(process.execPath, [join(sourceOf(directory).bundles, 'pm2-guard.cjs'), 'install', ...words], {
      stdio: 'inherit',
    }).status ?? 1
  );
}

/** Why others than root could change the files that install copies. */
export function packageFault({ bundles, shims }: PackageSource): Distrust | null {
  // Completion scripts too: root's shell reads them.
  const directories = [bundles, shims, join(bundles, 'share')].filter((directory) => existsSync(directory));
  const files = directories.flatMap((directory) =>
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => join(directory, name)),
  );
  return (
    files.flatMap((file) => allFaults([{ path: file, type: 'file' }])).find((fault) => !isRootsAlone(fault)) ?? null
  );
}

/** Whether only root is in the group that may write: with umask 002, root unpacks files with mode g+w. */
function isRootsAlone({ kind, path }: Distrust): boolean {
  const stat = statOf(path);
  if (kind !== 'writable' || stat === null || (stat.mode & 0o002) !== 0) return false;
  const members = groupByGid(stat.gid)?.members ?? [''];
  return (
    members.every((name) => name === 'root') && !localAccounts().some(({ gid, uid }) => gid === stat.gid && uid !== 0)
  );
}

/** The repair command, by the path of the source: the command pm2-guard may be damaged too. */
export function wayToRepair({ bundles }: PackageSource, recorded: string | null): string {
  if ((bundles + sep).startsWith(LIBRARY + sep)) return recorded ?? rootCommandLine('install');
  const directory = dirname(bundles);
  const script = join(directory, 'install.sh');
  return commandLineHere(
    existsSync(script) ? ['sudo', script] : ['sudo', join(directory, 'shims/pm2-guard'), 'install'],
  );
}

export function wayToRemove({ manager }: Package): string {
  switch (manager) {
    case 'npm':
      return 'npm uninstall -g pm2-guard';
    case 'dpkg':
      return 'apt-get remove pm2-guard';
  }
}

/** Like semver.org, but compares a pre-release as one string. */
export function compareVersions(a: string, b: string): number {
  const [[coreA = '', preA], [coreB = '', preB]] = [a.split('-', 2), b.split('-', 2)];
  const order = coreA.localeCompare(coreB, 'en', { numeric: true });
  if (order !== 0 || preA === preB) return order;
  return preA === undefined ? 1 : preB === undefined ? -1 : preA.localeCompare(preB, 'en', { numeric: true });
}

function sourceOf(directory: string): PackageSource {
  return { bundles: join(directory, 'dist'), shims: join(directory, 'shims') };
}

function versionOf(directory: string): string | null {
  try {
    const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
