import { existsSync, rmSync } from 'node:fs';
import { installPm2Line, rootCommandLine, wayToInstall } from '../terminal/root-command.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import { chosenPackages, packagesOfTheHost, type Which } from './chosen.ts';
import { sealPackage, sealStateOf, unsealPackage, type SealResult, type PackageStanding } from './seal.ts';
import { doorSource } from './text.ts';
import { REQUESTED_SEALS, requestedSeals } from './requested-seals.ts';

export interface SealRequest extends Which {
  dry: boolean;
}

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';

/**
 * Seals the named packages, else those of root and earlier ones. Records the request: src/guard/renew-seal.ts seals
 * again after an upgrade.
 *
 * @throws UserError when not root, not installed, or a path, user or package is missing
 */
export function seal(request: SealRequest): SealResult[] {
  requireRoot('seal');
  if (!request.dry) requireInstallation();
  const packages = chosenPackages(request);
  if (packages.length === 0)
    throw new UserError('there is no pm2 on this host to seal', `${installPm2Line()} && ${rootCommandLine('seal')}`);
  const door = requireDoor();
  const before = requestedSeals();
  // Recorded first, so that uninstall finds the seal even if this process is killed.
  if (!request.dry) recordSeals([...before, ...packages.map(({ directory }) => directory)]);
  const results = packages.map((chosen) => sealPackage(chosen, door, request.dry));
  const sealed = results.filter(({ outcome }) => outcome !== 'refused').map((result) => result.package);
  if (!request.dry) recordSeals([...before, ...sealed]);
  return results;
}

/** Renews all recorded seals, after an upgrade of pm2-guard or PM2. */
export function sealAgain(dry: boolean): SealResult[] {
  const packages = requestedSeals().filter((directory) => existsSync(directory));
  if (packages.length === 0) return [];
  const door = requireDoor();
  return packages.map((directory) => sealPackage({ directory, only: null }, door, dry));
}

function requireDoor(): string {
  const door = doorSource();
  if (door === null)
    throw new UserError('this pm2-guard is damaged: there is no door.cjs in it', wayToInstall(__dirname));
  return door;
}

/** Restores PM2's own files. Works without an installation. @throws UserError when not root or a path is missing */
export function unseal(request: SealRequest): SealResult[] {
  requireRoot('unseal');
  const chosen = chosenPackages(request);
  const named = request.paths.length + request.users.length > 0;
  const packages = named ? chosen : chosen.filter(({ directory }) => isTouched(sealStateOf(directory, '')));
  const results = packages.map((one) => unsealPackage(one, request.dry));
  // One that is still sealed stays recorded, so that the next unseal or uninstall finds it.
  const left = results.filter(({ outcome }) => outcome === 'refused').map((result) => result.package);
  const done = chosen
    .map(({ directory }) => directory)
    .filter((directory) => !left.includes(directory) || !mayBeSealed(directory));
  if (!request.dry) recordSeals(requestedSeals().filter((directory) => !done.includes(directory)));
  return results;
}

/** Not `broken`: the package has to be installed anew, and that ends the seal. */
function mayBeSealed(directory: string): boolean {
  const { state } = sealStateOf(directory, '');
  return state !== 'broken' && (state === 'hidden' || isTouched({ state }));
}

function isTouched({ state }: Pick<PackageStanding, 'state'>): boolean {
  return state === 'sealed' || state === 'outdated' || state === 'leftover' || state === 'broken';
}

export interface SealState extends PackageStanding {
  requested: boolean;
}

/** For reports; any user may call it. */
export function sealStates(path: string | undefined): SealState[] {
  const door = doorSource() ?? ''; // then every door counts as outdated
  const requested = requestedSeals();
  return [...new Set([...packagesOfTheHost(path), ...requested])]
    .sort()
    .map((directory) => ({ ...sealStateOf(directory, door), requested: requested.includes(directory) }))
    .filter((one) => one.requested || isTouched(one));
}

export function sealInWords({ state, requested }: SealState): string {
  switch (state) {
    case 'sealed':
      return requested ? 'sealed' : 'sealed, but not on the list of packages to seal';
    case 'outdated':
      return 'sealed by another pm2-guard';
    case 'open':
      return 'no longer sealed';
    case 'leftover':
      return requested ? 'no longer sealed' : 'not sealed, with a file beside it that an earlier seal left behind';
    case 'broken':
      return "sealed, and PM2's own file beside the door is gone";
    case 'foreign':
      return 'no longer what npm installs as pm2';
    case 'hidden':
      return 'only its owner and root can tell';
  }
}

function recordSeals(packages: string[]): void {
  const kept = [...new Set(packages)].filter((directory) => existsSync(directory)).sort();
  if (kept.length > 0) replaceFile(REQUESTED_SEALS, `${JSON.stringify({ packages: kept }, null, 2)}\n`, 0o644);
  else if (existsSync(REQUESTED_SEALS)) rmSync(REQUESTED_SEALS); // also works if the directory was replaced
}

/** A shim that others can change would make every door print a warning. */
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
      rootCommandLine('install'),
    );
}

function requireRoot(command: string): void {
  if (process.geteuid?.() !== 0)
    throw new UserError(
      `${command} changes files of root, and of others in their name, which only root may`,
      rootCommandLine(command),
    );
}
