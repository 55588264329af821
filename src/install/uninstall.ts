import { join } from 'node:path';
import { unseal } from '../seal/seals.ts';
import { UserError } from '../terminal/user-error.ts';
import { Ledger, look, type Change } from './ledger.ts';
import { packagesOnHost, wayToRemove } from './packages.ts';
import { CACHE_DIRECTORY, CONFIG_DIRECTORY, LIBRARY, STATE_DIRECTORY } from './places.ts';
import { withdraw } from './reach.ts';
import { withdrawShare } from './share.ts';

export interface Removal {
  changes: Change[];
  /** What stays, for people. */
  left: string[];
  problems: string[];
}

/**
 * Takes away what install put in place, whatever of it is there, and no policy is needed for it. The config stays unless
 * `purge` says otherwise; PM2, its daemons and its apps are not ours to touch.
 */
export function uninstall(purge: boolean, dry: boolean): Removal {
  if (process.geteuid?.() !== 0) throw new UserError('uninstall removes files of root', 'sudo pm2-guard uninstall');
  const ledger = new Ledger(dry);
  for (const { package: directory, outcome, fault } of unseal({ paths: [], users: [], path: process.env['PATH'], dry })) {
    ledger.note(join(directory, 'bin/pm2'), outcome === 'refused' ? 'refused' : 'updated', fault?.why ?? 'PM2\'s own again');
  }
  withdraw(ledger); // first the ways to us, so that no call finds half of us
  withdrawShare(ledger);
  for (const directory of [LIBRARY, STATE_DIRECTORY, CACHE_DIRECTORY]) ledger.remove(directory);
  if (purge) ledger.remove(CONFIG_DIRECTORY);
  else ledger.removeEmpty(CONFIG_DIRECTORY);
  const config = !dry && look(CONFIG_DIRECTORY) !== null ? [`${CONFIG_DIRECTORY} (the config; it goes with: pm2-guard uninstall --purge)`] : [];
  const packages = packagesOnHost().map((one) => `${one.directory} (the package; it goes with: ${wayToRemove(one)})`);
  return {
    changes: ledger.changes,
    left: [...packages, ...config],
    problems: ledger.changes.filter(({ outcome }) => outcome === 'refused').map(({ path, note }) => `${path} ${note ?? ''}`),
  };
}
