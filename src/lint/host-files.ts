import { join } from 'node:path';
import { accountByName, type Account } from '../identity/accounts.ts';
import type { Identity } from '../identity/switch-user.ts';
import type { Policy } from '../policy/policy.ts';
import type { Uid } from '../runtime/brands.ts';
import type { LintInput } from './files.ts';
import type { User } from './model.ts';
import { entriesOf, LIST, withRights } from './rights.ts';

/** Directories that only root writes, and the names that are read there. */
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

/** A policy with the `paths` of its daemons, by daemon name. */
export interface HostConfig {
  policy: Policy;
  paths: readonly (readonly [path: string, daemon: string])[];
}

/** The files of this machine that may call pm2. A user's files are listed and read with that user's rights. */
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
  for (const account of owners.values()) yield* filesOf(account, account.homeDirectory);
  for (const [path, account] of config === null ? [] : pathsOf(config, owners)) yield* filesOf(account, path);
}

function* dropIns(directory: string): Generator<LintInput> {
  for (const entry of entriesOf(directory))
    if (entry.isFile() && entry.name.endsWith('.conf')) yield { path: join(directory, entry.name), named: false };
}

/** The directories that the config gives to daemons, with the owners of those daemons. */
function pathsOf({ policy, paths }: HostConfig, owners: ReadonlyMap<Uid, Account>): [string, Account][] {
  return paths.flatMap(([path, daemon]): [string, Account][] => {
    const one = policy.daemons.find(({ name }) => name === daemon);
    const account = one && owners.get(one.uid);
    return account === undefined ? [] : [[path, account]];
  });
}

function* filesOf(account: Account, directory: string): Generator<LintInput> {
  if (directory === '/' || directory === '/nonexistent') return;
  const as: Identity = { user: account.name, uid: account.uid, gid: account.gid };
  const user: User = { kind: 'known', name: account.name, said: 'the home directory it lies in' };
  for (const { path, own } of withRights(as, LIST, directory))
    yield { path, named: false, as, ...(own ? { given: user } : {}) };
}
