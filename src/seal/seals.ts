import { existsSync, rmSync } from 'node:fs';
import { UserError } from '../terminal/user-error.ts';
import { replaceFile } from '../trust/write.ts';
import { chosenPackages, packagesOfTheHost, type Which } from './chosen.ts';
import { sealPackage, standingOf, unsealPackage, type Result, type Standing } from './seal.ts';
import { WISHES, wishedSeals } from './wishes.ts';

export interface Request extends Which {
  /** Text of src/seal/door.cjs. */
  door: string;
  /** Change nothing, only tell. */
  dry: boolean;
}

/** Without it every door would only open, with a warning. */
const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/**
 * Seals packages: those that are named, else all that concern root and those that were sealed before. That it was asked for is
 * written down, so that an upgraded package is sealed anew (src/guard/renew-seal.ts).
 *
 * @throws UserError where nothing can be done: not root, not installed, no such path or user, none at all
 */
export function seal(request: Request): Result[] {
  requireRoot('seal');
  if (!request.dry && !existsSync(SHIM)) throw new UserError('pm2-guard is not installed on this host, and a sealed pm2 leads to it', 'sudo ./install.sh');
  const packages = chosenPackages(request);
  if (packages.length === 0) throw new UserError('there is no pm2 on this host to seal', 'sudo npm install -g pm2 && sudo pm2-guard seal');
  const before = wishedSeals();
  // First, so that one that is sealed when we are killed is known to uninstall.
  if (!request.dry) keepWishes([...before, ...packages]);
  const results = packages.map((directory) => sealPackage(directory, request));
  const sealed = results.filter(({ outcome }) => outcome !== 'refused').map((result) => result.package);
  if (!request.dry) keepWishes([...before, ...sealed]);
  return results;
}

/**
 * Puts PM2's own files back: in the packages that are named, else in all that are sealed. Works without an installation.
 *
 * @throws UserError where nothing can be done: not root, no such path or user
 */
export function unseal(request: Request): Result[] {
  requireRoot('unseal');
  const packages = chosenPackages(request);
  if (!request.dry) keepWishes(wishedSeals().filter((directory) => !packages.includes(directory)));
  const results = packages.map((directory) => unsealPackage(directory, request));
  const asked = request.paths.length + request.users.length > 0;
  return asked ? results : results.filter((result) => result.outcome !== 'unchanged' && !(result.outcome === 'refused' && result.fault?.next === null));
}

/** How the packages stand that are sealed, or were to be. For a report; anybody may ask. */
export function sealStates(door: string, path: string | undefined): (Standing & { wished: boolean })[] {
  const wishes = wishedSeals();
  return [...new Set([...packagesOfTheHost(path), ...wishes])].sort()
    .map((directory) => ({ ...standingOf(directory, door), wished: wishes.includes(directory) }))
    .filter(({ state, wished }) => wished || ['sealed', 'outdated', 'leftover', 'broken'].includes(state));
}

function keepWishes(packages: string[]): void {
  const kept = [...new Set(packages)].filter((directory) => existsSync(directory)).sort();
  if (kept.length === 0) rmSync(WISHES, { force: true });
  else replaceFile(WISHES, `${JSON.stringify({ packages: kept }, null, 2)}\n`, 0o644);
}

function requireRoot(command: string): void {
  if (process.geteuid?.() !== 0) throw new UserError(`${command} changes files of root, and of others in their name, which only root may`, `sudo pm2-guard ${command}`);
}
