import { defaultPm2Home } from '../pm2/home.ts';
import { join } from 'node:path';
import { accountByName, accountByUid, isMember, type Account } from '../identity/accounts.ts';
import type { Invocation } from '../pm2/invocation.ts';
import { isPersonal, personalDaemon } from '../policy/personal.ts';
import type { Policy } from '../policy/policy.ts';
import type { Uid, Pm2Home } from '../runtime/brands.ts';
import { ownerOf } from '../runtime/peek.ts';
import type { Caller } from '../verdict/caller.ts';

export interface AccountSource {
  byUid(uid: Uid): Account | null;
  byName(name: string): Account | null;
  /** The account with this PM2_HOME as ~/.pm2. */
  ownerOf(pm2Home: Pm2Home): Account | null;
  isMember(account: Account, group: string): boolean;
}

export const thisHost: AccountSource = { byUid: accountByUid, byName: accountByName, ownerOf: accountAt, isMember };

/** Adds daemons in ~/.pm2: the caller's, that of the user in PM2_HOME, and that of `startup -u USER`. */
export function withPersonal(
  policy: Policy,
  caller: Caller,
  { startup, line: { options } }: Invocation,
  accounts: AccountSource,
): Policy {
  if (policy.personal === null) return policy;
  const unit = startup?.user ?? (typeof options.user === 'string' ? options.user : null);
  const owner = accounts.ownerOf(caller.pm2Home) ?? (startup?.hp ? accounts.ownerOf(defaultPm2Home(startup.hp)) : null);
  const named = [accounts.byUid(caller.uid), owner, unit === null ? null : accounts.byName(unit)];
  const daemons = [...policy.daemons];
  for (const account of named) {
    if (account === null || !isPersonal(account, policy, (one, group) => accounts.isMember(one, group))) continue;
    const daemon = personalDaemon(account, policy);
    if (!daemons.some(({ pm2Home }) => pm2Home === daemon.pm2Home)) daemons.push(daemon);
  }
  return { ...policy, daemons };
}

function accountAt(pm2Home: Pm2Home): Account | null {
  const owner = pm2Home.endsWith('/.pm2') ? ownerOf(pm2Home.slice(0, -'/.pm2'.length)) : null;
  const account = owner === null ? null : accountByUid(owner);
  return account !== null && join(account.homeDirectory, '.pm2') === pm2Home ? account : null;
}
