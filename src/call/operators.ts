import { groupByGid, groupByName } from '../identity/accounts.ts';
import type { Daemon } from '../policy/policy.ts';
import { asGid, type Uid } from '../runtime/brands.ts';

export function isOperator(
  { operators }: Pick<Daemon, 'operators'>,
  { uid, user }: { uid: Uid; user: string },
): boolean {
  const isMember = (group: string) => groupByName(group)?.members.includes(user) === true || isOwnGroup(group, uid);
  return operators.some((operator) => (operator.startsWith('%') ? isMember(operator.slice(1)) : operator === user));
}

/** The kernel knows the caller's primary group and groups of a directory service. */
function isOwnGroup(group: string, uid: Uid): boolean {
  return (
    process.geteuid?.() === uid && (process.getgroups?.() ?? []).some((gid) => groupByGid(asGid(gid))?.name === group)
  );
}
