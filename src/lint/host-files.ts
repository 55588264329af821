import { readdirSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { accountByName, type Account } from '../identity/accounts.ts';
import { asUser } from '../identity/as-user.ts';
import type { Identity } from '../identity/switch-user.ts';
import type { Policy } from '../policy/policy.ts';
import type { LintInput } from './files.ts';
import type { User } from './model.ts';

/** Directories that only root writes, with what is read in them. */
const SYSTEM: readonly (readonly [string, RegExp])[] = [
  ['/etc', /^(crontab|anacrontab|rc\.local|sudoers|logrotate\.conf|profile|bash\.bashrc)$/],
  ['/etc/cron.d', /^[\w-]+$/],
  ['/etc/cron.hourly', /^[\w-]+$/],
  ['/etc/cron.daily', /^[\w-]+$/],
  ['/etc/cron.weekly', /^[\w-]+$/],
  ['/etc/cron.monthly', /^[\w-]+$/],
  ['/etc/systemd/system', /\.(service|timer)$/],
  ['/run/systemd/system', /\.service$/],
  ['/usr/local/lib/systemd/system', /\.service$/],
  ['/usr/lib/systemd/system', /\.service$/],
  ['/etc/logrotate.d', /./],
  ['/etc/sudoers.d', /^[^.~]+$/],
  ['/etc/init.d', /./],
  ['/etc/profile.d', /./],
  ['/usr/local/bin', /./],
  ['/usr/local/sbin', /./],
  ['/var/spool/cron/crontabs', /./],
  ['/var/spool/cron', /./],
];

/** A policy with the `paths` of its daemons, by the name of the daemon. */
export interface HostConfig {
  policy: Policy;
  paths: readonly (readonly [path: string, daemon: string])[];
}

/** What is read in a home directory, or in one of a daemon's `paths`, and how deep it is looked for. */
const OWN =
  /^(authorized_keys2?|\.bashrc|\.bash_profile|\.profile|\.zshrc|Makefile|package\.json)$|\.(sh|bash|service)$/;
const PROCESS_FILE = /\.config\.[cm]?js$|^(ecosystem|processes?)[\w.-]*\.(json|ya?ml)$/;
const PASSED_BY = new Set(['node_modules', '.npm', '.cache', '.pm2', 'vendor', '.nvm', '.local']);
const MAX_DEPTH = 3;
const MAX_FILES = 5000;

/**
 * The files of this machine that may call pm2. What lies in a user's directories is listed and read with that user's
 * rights.
 */
export function* hostFiles(config: HostConfig | null): Generator<LintInput> {
  const seen = new Set<string>();
  for (const input of allFiles(config)) {
    if (seen.has(input.path)) continue;
    seen.add(input.path);
    yield { ...input, absolute: true };
  }
}

function* allFiles(config: HostConfig | null): Generator<LintInput> {
  for (const [directory, names] of SYSTEM) {
    for (const entry of entriesOf(directory))
      if (entry.isFile() && names.test(entry.name)) yield { path: join(directory, entry.name), named: false };
    if (!directory.endsWith('/systemd/system')) continue;
    for (const entry of entriesOf(directory))
      if (entry.isDirectory() && entry.name.endsWith('service.d')) yield* dropIns(join(directory, entry.name));
  }
  const accounts = (config?.policy.daemons ?? [])
    .map(({ user }) => accountByName(user))
    .filter((account) => account !== null);
  const root = accountByName('root');
  const owners = new Map([...(root ? [root] : []), ...accounts].map((account) => [account.uid, account]));
  for (const account of owners.values()) yield* filesOf(account, account.home);
  for (const [path, account] of config === null ? [] : pathsOf(config, owners)) yield* filesOf(account, path);
}

function* dropIns(directory: string): Generator<LintInput> {
  for (const entry of entriesOf(directory))
    if (entry.isFile() && entry.name.endsWith('.conf')) yield { path: join(directory, entry.name), named: false };
}

/** The directories that the config gives to daemons, with the owners of those daemons. */
function pathsOf({ policy, paths }: HostConfig, owners: ReadonlyMap<number, Account>): [string, Account][] {
  return paths.flatMap(([path, daemon]): [string, Account][] => {
    const account = owners.get(policy.daemons.find(({ name }) => name === daemon)?.uid ?? -1);
    return account === undefined ? [] : [[path, account]];
  });
}

function* filesOf(account: Account, directory: string): Generator<LintInput> {
  if (directory === '/' || directory === '/nonexistent') return;
  const as: Identity = { user: account.name, uid: account.uid, gid: account.gid };
  const user: User = { kind: 'known', name: account.name, said: 'the home directory it lies in' };
  let left = MAX_FILES;
  const found: LintInput[] = [];
  const visit = (place: string, depth: number): void => {
    for (const entry of entriesOf(place)) {
      if (left-- <= 0) return;
      const path = join(place, entry.name);
      const inHooks = /(\.git|\.husky)(\/hooks)?$/.test(place) && /hooks|\.husky/.test(place);
      if (entry.isDirectory()) {
        const wanted =
          depth < MAX_DEPTH && !PASSED_BY.has(entry.name) && (!place.endsWith('.git') || entry.name === 'hooks');
        if (wanted) visit(path, depth + 1);
      } else if (
        entry.isFile() &&
        (OWN.test(entry.name) || PROCESS_FILE.test(entry.name) || inHooks || /\/bin$/.test(place))
      ) {
        // A login's own files run as that login; a script in a home directory may be run by others.
        const own = /^(authorized_keys2?|\.\w+)$/.test(entry.name) || path.includes('/systemd/user/');
        found.push({ path, named: false, as, ...(own ? { given: user } : {}) });
      }
    }
  };
  asRights(as, () => {
    visit(directory, 0);
  });
  yield* found;
}

/** Without root's rights one's own are all there are. */
export function asRights<Result>(identity: Identity | undefined, action: () => Result): Result {
  return identity === undefined || process.geteuid?.() !== 0 ? action() : asUser(identity, action);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}
