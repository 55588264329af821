import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { SUDO_PLACES } from '../identity/sudo-places.ts';
import { findRealPm2, SHIM_MARK } from '../pm2/installed.ts';
import type { Ledger } from './ledger.ts';
import { LIBRARY, PM2_LINK, PM2_SBIN_LINK } from './places.ts';

/** What a PATH finds for `pm2`. `door` is a sealed pm2: it leads to the guard until npm replaces it. */
export type Find = { type: 'shim' | 'door' | 'other'; path: string } | { type: 'none' };

/** As execvp(3) finds it, but without relative entries (they depend on cwd). `pending`: paths of future shims. */
export function firstPm2(path: string, pending: readonly string[] = []): Find {
  for (const directory of path.split(':')) {
    if (!isAbsolute(directory)) continue;
    const candidate = join(directory, 'pm2');
    if (pending.includes(candidate)) return { type: 'shim', path: candidate };
    try {
      accessSync(candidate, constants.X_OK);
      if (!statSync(candidate).isFile()) continue;
    } catch {
      continue;
    }
    return { type: isShim(candidate) ? 'shim' : isSealed(candidate) ? 'door' : 'other', path: candidate };
  }
  return { type: 'none' };
}

export function pendingLinks({ changes }: Ledger): string[] {
  return changes
    .filter(
      ({ path, outcome }) =>
        [PM2_LINK, PM2_SBIN_LINK].includes(path) && ['created', 'updated', 'unchanged'].includes(outcome),
    )
    .map(({ path }) => path);
}

function isShim(path: string): boolean {
  try {
    const real = realpathSync.native(path);
    return real.startsWith(LIBRARY + sep) && readFileSync(real, 'latin1').slice(0, 1024).includes(SHIM_MARK);
  } catch {
    return false;
  }
}

function isSealed(path: string): boolean {
  const found = findRealPm2({ recorded: path, path: undefined, skip: [], asRoot: false });
  return found.type === 'found' && found.original !== null;
}

/** Whether the real sudo is there. It is set-user-ID, which a script like our shim cannot be. */
export function hasRealSudo(): boolean {
  return SUDO_PLACES.some((path) => {
    try {
      return (statSync(path).mode & 0o4000) !== 0;
    } catch {
      return false;
    }
  });
}
