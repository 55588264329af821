import { dirname, sep } from 'node:path';
import { allFaults, repairsOf } from '../trust/all-faults.ts';
import type { Distrust } from '../trust/trust.ts';
import { partsThatRootRuns, type InstalledPm2 } from './installed.ts';

/**
 * Commands for root that make a pm2 trusted which others can change now, each as its words. The whole package is
 * given to root, because npm gives all its files one owner.
 * @param seen a fault that was found in the files it loads
 */
export function repairsOfPm2(pm2: Pick<InstalledPm2, 'file' | 'original'>, seen: Distrust | null = null): string[][] {
  const directory = dirname(dirname(pm2.file));
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
