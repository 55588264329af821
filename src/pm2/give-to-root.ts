import { dirname, sep } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { asUid } from '../runtime/brands.ts';
import { realpathOrNull, statOf } from '../runtime/peek.ts';
import { allFaults, repairsOf } from '../trust/all-faults.ts';
import type { Distrust } from '../trust/trust.ts';
import { npmNameOf, partsThatRootRuns, type InstalledPm2 } from './installed.ts';

/**
 * Commands for root that end with a pm2 that only root can change, each as its words. The whole package is given to
 * root, because npm gives all its files one owner. One in the home directory of a user stays that user's: root gets one
 * of its own, of the same version, because PM2 replaces a daemon of another version.
 * @param seen a fault that was found in the files it loads
 */
export function repairsOfPm2(
  pm2: Pick<InstalledPm2, 'file' | 'original' | 'version'>,
  seen: Distrust | null = null,
): string[][] {
  const directory = dirname(dirname(pm2.file));
  if (isInHomeOfAUser(directory)) return [['npm', 'install', '-g', npmNameOf(pm2.version)]];
  const known = allFaults(partsThatRootRuns(pm2).map((path) => ({ path, type: 'file' })));
  const isItsOwn = (path: string) => path === directory || path.startsWith(directory + sep);
  return [
    ...repairsOf(known.filter(({ kind, path }) => kind === 'writable' || !isItsOwn(path))),
    ['chown', '-R', 'root:', directory],
    ...(seen?.kind === 'writable' && isItsOwn(seen.path) && !known.some(({ path }) => path === seen.path)
      ? [['chmod', '-R', 'go-w', directory]]
      : []),
  ];
}

function isInHomeOfAUser(directory: string): boolean {
  const owner = statOf(directory)?.uid ?? asUid(0);
  const home = owner === 0 ? null : (accountByUid(owner)?.homeDirectory ?? null);
  const physical = home === null ? null : realpathOrNull(home);
  return physical !== null && physical !== '/' && directory.startsWith(physical + sep);
}
