import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageOfPm2, type UsedPm2 } from '../host/installations/in-use.ts';
import { globalPm2Packages, pm2PackagesBelow } from '../host/installations/pm2-packages.ts';
import { accountByName, type Account } from '../identity/accounts.ts';
import { asUser, type Task } from '../identity/as-user.ts';
import { SYSTEM_PATH } from '../identity/environment.ts';
import type { Identity } from '../identity/switch-user.ts';
import { ownerOf, realpathOrSelf } from '../runtime/peek.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { UserError } from '../terminal/user-error.ts';
import { writerOf } from './package.ts';
import { requestedSeals } from './requested-seals.ts';

/** An empty choice means all packages that root could run. */
export interface Which {
  /** Package directories, npm prefixes, or pm2 commands. */
  paths: string[];
  /** Users whose version managers to search. */
  users: string[];
  path: string | undefined;
  /** What daemons, units and crontabs run, for an empty choice. */
  inUse?: readonly UsedPm2[];
}

export interface ChosenPackage {
  /** Its physical path. */
  directory: string;
  /** Found for this user: only with that user's rights may it be changed. Null: with those of its owner. */
  only: Identity | null;
}

/** Returns them sorted by path. @throws UserError if a named one is missing */
export function chosenPackages({ paths, users, path, inUse = [] }: Which): ChosenPackage[] {
  const byOwner =
    paths.length + users.length > 0
      ? paths.map(packageAt)
      : [...packagesOfTheHost(path), ...requestedSeals().filter(isPackage), ...inUse.flatMap(ofUse)];
  const found = [...users.flatMap(packagesOf), ...byOwner.map((directory) => ({ directory, only: null }))];
  const byPath = new Map(found.map((chosen) => [chosen.directory, chosen]));
  return [...byPath.values()].sort((one, other) => (one.directory < other.directory ? -1 : 1));
}

/** A user's word is good for that user's own packages, and for those that only root can change. */
function ofUse({ file, uid, byRoot }: UsedPm2): string[] {
  const directory = packageOfPm2(file);
  const writer = writerOf(directory);
  return writer.type === 'writer' && (byRoot || writer.as.uid === 0 || writer.as.uid === uid) ? [directory] : [];
}

export function packagesOfTheHost(path: string | undefined): string[] {
  const root = accountByName('root');
  return [
    ...globalPm2Packages(`${path ?? ''}:${SYSTEM_PATH}`, [process.execPath]),
    ...(root === null ? [] : pm2PackagesBelow(root.homeDirectory)),
  ];
}

export const PACKAGES_BELOW: Task<string, string[]> = {
  name: 'packages below',
  run: (directory) => pm2PackagesBelow(directory),
};

function packagesOf(user: string): ChosenPackage[] {
  const account = accountByName(user);
  if (account === null) throw new UserError(`there is no user ${user}`, 'getent passwd');
  const only: Identity = { user: account.name, uid: account.uid, gid: account.gid };
  const found = asUser(only, PACKAGES_BELOW, account.homeDirectory).filter((directory) => isOf(account, directory));
  if (found.length === 0)
    throw new UserError(
      `${user} has no pm2 of a version manager below ${account.homeDirectory} ` +
        '(nvm, volta, fnm, asdf, mise, nodenv, n, npm, yarn, pnpm)',
      `${rootCommandLine('seal', '--path', 'DIR')}   (the directory of the package)`,
    );
  return found.map((directory) => ({ directory, only }));
}

/** A user's symlink may lead to another user's package: root's, for one. Below the home directory it is reported. */
function isOf({ uid, homeDirectory }: Account, directory: string): boolean {
  return ownerOf(join(directory, 'bin')) === uid || directory.startsWith(`${realpathOrSelf(homeDirectory)}/`);
}

function packageAt(path: string): string {
  let real: string;
  try {
    real = realpathSync.native(path);
  } catch (error) {
    throw new UserError(
      `${path} is not there (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
      'pm2-guard status',
    );
  }
  const candidates = statSync(real).isDirectory()
    ? [real, join(real, 'lib/node_modules/pm2'), join(real, 'node_modules/pm2')]
    : [dirname(dirname(real))];
  const found = candidates.find(isPackage);
  if (found === undefined)
    throw new UserError(
      `${path} leads to no package of PM2: neither its directory, nor a prefix of npm's, nor a pm2`,
      'npm root -g',
    );
  return realpathSync.native(found);
}

function isPackage(directory: string): boolean {
  return existsSync(join(directory, 'package.json')) && existsSync(join(directory, 'bin'));
}
