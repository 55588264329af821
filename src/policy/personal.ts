import { join } from 'node:path';
import { groupByGid, type Account } from '../identity/accounts.ts';
import { asPm2Home } from '../runtime/brands.ts';
import type { Daemon, Policy } from './policy.ts';

/** Whether `personal` gives this account a daemon of its own. Never root, whose daemon has to be declared. */
export function isPersonal(
  account: Account,
  { personal }: Policy,
  isMember: (account: Account, group: string) => boolean,
): boolean {
  if (personal === null || account.uid === 0) return false;
  return personal.matchesUser(account.name) || personal.groups.some((group) => isMember(account, group));
}

/** The daemon in the ~/.pm2 of an account that isPersonal accepts, as if the config declared it. */
export function personalDaemon(account: Account, { daemons, mode, personal }: Policy): Daemon {
  const { name, uid, gid, homeDirectory, shell } = account;
  const taken = daemons.some((daemon) => daemon.name === name);
  return {
    name: taken ? `~${name}` : name,
    user: name,
    uid,
    gid,
    group: groupByGid(gid)?.name ?? String(gid),
    homeDirectory,
    shell,
    pm2Home: asPm2Home(join(homeDirectory, '.pm2')),
    mode,
    pm2: null,
    node: null,
    operators: [],
    line: personal?.line ?? 1,
    personal: true,
  };
}
