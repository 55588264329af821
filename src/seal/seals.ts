import { existsSync, rmSync } from 'node:fs';
import { wayToInstall } from '../runtime/way-to-install.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import { chosenPackages, packagesOfTheHost, type Which } from './chosen.ts';
import { sealPackage, sealStateOf, unsealPackage, type SealResult, type PackageStanding } from './seal.ts';
import { doorSource } from './text.ts';
import { WISHES, wishedSeals } from './wishes.ts';

export interface SealRequest extends Which {
  /** Change nothing, only tell. */
  dry: boolean;
}

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/**
 * Seals packages: those that are named, else all that concern root and those that were sealed before. That it was asked
 * for is written down, so that an upgraded package is sealed anew (src/guard/renew-seal.ts).
 *
 * @throws UserError where nothing can be done: not root, not installed, no such path or user, none at all
 */
export function seal(request: SealRequest): SealResult[] {
  requireRoot('seal');
  if (!request.dry) requireInstallation();
  const packages = chosenPackages(request);
  if (packages.length === 0)
    throw new UserError('there is no pm2 on this host to seal', 'sudo npm install -g pm2 && sudo pm2-guard seal');
  const door = requireDoor();
  const before = wishedSeals();
  // First, so that one that is sealed when we are killed is known to uninstall.
  if (!request.dry) keepWishes([...before, ...packages]);
  const results = packages.map((directory) => sealPackage(directory, door, request.dry));
  const sealed = results.filter(({ outcome }) => outcome !== 'refused').map((result) => result.package);
  if (!request.dry) keepWishes([...before, ...sealed]);
  return results;
}

/** Doors as this pm2-guard makes them, wherever a seal was asked for: after an upgrade of ours, or of PM2. */
export function sealAgain(dry: boolean): SealResult[] {
  const packages = wishedSeals().filter((directory) => existsSync(directory));
  if (packages.length === 0) return [];
  const door = requireDoor();
  return packages.map((directory) => sealPackage(directory, door, dry));
}

function requireDoor(): string {
  const door = doorSource();
  if (door === null)
    throw new UserError('this pm2-guard is damaged: there is no door.cjs in it', wayToInstall(__dirname));
  return door;
}

/**
 * Puts PM2's own files back: in the packages that are named, else in all that are sealed. Works without an
 * installation.
 *
 * @throws UserError where nothing can be done: not root, no such path or user
 */
export function unseal(request: SealRequest): SealResult[] {
  requireRoot('unseal');
  const chosen = chosenPackages(request);
  const named = request.paths.length + request.users.length > 0;
  const packages = named ? chosen : chosen.filter((directory) => isTouched(sealStateOf(directory, '')));
  if (!request.dry) keepWishes(wishedSeals().filter((directory) => !chosen.includes(directory)));
  return packages.map((directory) => unsealPackage(directory, request.dry));
}

/** Something of ours is in the package. */
function isTouched({ state }: PackageStanding): boolean {
  return state === 'sealed' || state === 'outdated' || state === 'leftover' || state === 'broken';
}

export interface SealState extends PackageStanding {
  /** It was asked for. */
  wished: boolean;
}

/** How the packages stand that are sealed, or were to be. For a report; anybody may ask. */
export function sealStates(path: string | undefined): SealState[] {
  const door = doorSource() ?? ''; // then every door is another's
  const wishes = wishedSeals();
  return [...new Set([...packagesOfTheHost(path), ...wishes])]
    .sort()
    .map((directory) => ({ ...sealStateOf(directory, door), wished: wishes.includes(directory) }))
    .filter((one) => one.wished || isTouched(one));
}

/** What a report says of it. */
export function sealInWords({ state, wished }: SealState): string {
  switch (state) {
    case 'sealed':
      return wished ? 'sealed' : 'sealed, though nobody here asked for it';
    case 'outdated':
      return 'sealed by another pm2-guard';
    case 'open':
      return 'no longer sealed';
    case 'leftover':
      return wished ? 'no longer sealed' : 'not sealed, with a file beside it that an earlier seal left behind';
    case 'broken':
      return "sealed, and PM2's own file beside the door is gone";
    case 'foreign':
      return 'no longer what npm installs as pm2';
    case 'hidden':
      return 'only its owner and root can tell';
  }
}

function keepWishes(packages: string[]): void {
  const kept = [...new Set(packages)].filter((directory) => existsSync(directory)).sort();
  if (kept.length > 0) replaceFile(WISHES, `${JSON.stringify({ packages: kept }, null, 2)}\n`, 0o644);
  else if (existsSync(WISHES)) rmSync(WISHES); // whatever is in the place of its directory
}

/** Without one that only root can change, every door would open with a warning. */
function requireInstallation(): void {
  const fault = findUntrusted(SHIM, 'file');
  if (fault?.kind === 'missing')
    throw new UserError(
      'pm2-guard is not installed on this host, and a sealed pm2 leads to it',
      wayToInstall(__dirname),
    );
  if (fault !== null)
    throw new UserError(
      `a sealed pm2 would lead to what others than root can change: ${fault.path} ${fault.why}`,
      'sudo pm2-guard install',
    );
}

function requireRoot(command: string): void {
  if (process.geteuid?.() !== 0)
    throw new UserError(
      `${command} changes files of root, and of others in their name, which only root may`,
      `sudo pm2-guard ${command}`,
    );
}
