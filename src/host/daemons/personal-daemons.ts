import { isAbsolute, join } from 'node:path';
import { accountByUid, groupByName, localAccounts, type Account } from '../../identity/accounts.ts';
import { isPersonal, personalDaemon } from '../../policy/personal.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Uid } from '../../runtime/brands.ts';
import { isDirectory } from '../../runtime/peek.ts';

/**
 * The policy with the daemons of those users of `personal` who have a ~/.pm2 on this host.
 * @param running users of living daemons, because /etc/passwd lacks the users of a directory service
 */
export function withPersonalDaemons(policy: Policy, running: readonly (Uid | null)[]): Policy {
  if (policy.personal === null) return policy;
  const groups = new Map(policy.personal.groups.map((name) => [name, groupByName(name)]));
  const isMember = ({ name, gid }: Account, group: string): boolean => {
    const found = groups.get(group);
    return found != null && (found.gid === gid || found.members.includes(name));
  };
  const local = localAccounts();
  const remote = [...new Set(running)]
    .filter((uid) => uid !== null && !local.some((account) => account.uid === uid))
    .flatMap((uid) => (uid === null ? [] : (accountByUid(uid) ?? [])));
  const daemons = [...policy.daemons];
  for (const account of [...local, ...remote]) {
    const { homeDirectory } = account;
    if (!isAbsolute(homeDirectory) || !isDirectory(join(homeDirectory, '.pm2'))) continue;
    if (!isPersonal(account, policy, isMember)) continue;
    const daemon = personalDaemon(account, policy);
    if (!daemons.some(({ pm2Home }) => pm2Home === daemon.pm2Home)) daemons.push(daemon);
  }
  return { ...policy, daemons };
}
