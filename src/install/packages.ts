import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { quote } from 'shell-quote';
import { VERSION } from '../policy/version.ts';
import { groupByGid, localAccounts } from '../identity/accounts.ts';
import { statOf } from '../runtime/peek.ts';
import { allFaults } from '../trust/all-faults.ts';
import type { Distrust } from '../trust/trust.ts';
import type { PackageSource } from './library.ts';
import { LIBRARY } from './places.ts';

/** A pm2-guard as a package manager keeps it, for `install` to copy from; what runs is the copy. */
export interface Package {
  manager: 'npm' | 'dpkg';
  directory: string;
  version: string;
}

/** Where the .deb has its files (packaging/deb.mjs). */
const DPKGS = '/usr/lib/pm2-guard';

/** The packages of pm2-guard on this host: npm's for everybody, in the prefixes that root's npm has, and Debian's. */
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
 * The package to go on with, where the installed copy is asked to install: `npm install -g pm2-guard` brings a newer
 * one, and `sudo pm2-guard install` still finds the copy first. Null: none is newer, or we are no copy. One that others
 * than root can change is passed over (PRODUCT.md 7.1).
 *
 * @param bundles directory of the running bundle
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

/** Runs the install of a package, with the words that this one was given. Returns its exit status. */
export function installFrom({ directory }: Package, words: readonly string[]): number {
  return (
    spawnSync(process.execPath, [join(sourceOf(directory).bundles, 'pm2-guard.cjs'), 'install', ...words], {
      stdio: 'inherit',
    }).status ?? 1
  );
}

/** Why somebody else than root could change what is copied from there; null: nobody could. */
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

/** Writable by a group in which there is only root, as a umask of 002 leaves what root unpacks. */
function isRootsAlone({ kind, path }: Distrust): boolean {
  const stat = statOf(path);
  if (kind !== 'writable' || stat === null || (stat.mode & 0o002) !== 0) return false;
  const members = groupByGid(stat.gid)?.members ?? [''];
  return (
    members.every((name) => name === 'root') && !localAccounts().some(({ gid, uid }) => gid === stat.gid && uid !== 0)
  );
}

/**
 * What to type where the installed copy is damaged: by the path of what it was copied from, since the command may be
 * damaged, too.
 *
 * @param recorded what the last install said of that; it holds where the installed copy is asked to install
 */
export function wayToRepair({ bundles }: PackageSource, recorded: string | null): string {
  if ((bundles + sep).startsWith(LIBRARY + sep)) return recorded ?? 'sudo pm2-guard install';
  const directory = dirname(bundles);
  const script = join(directory, 'install.sh');
  return quote(existsSync(script) ? ['sudo', script] : ['sudo', join(directory, 'shims/pm2-guard'), 'install']);
}

/** How a package goes that uninstall leaves alone. */
export function wayToRemove({ manager }: Package): string {
  switch (manager) {
    case 'npm':
      return 'npm uninstall -g pm2-guard';
    case 'dpkg':
      return 'apt-get remove pm2-guard';
  }
}

/** As semver.org orders them, without its rules for several parts of a pre-release. */
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
