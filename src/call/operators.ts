import { accountByUid, groupByGid, isMember } from '../identity/accounts.ts';
import type { Daemon } from '../policy/policy.ts';
import { asGid, type Uid } from '../runtime/brands.ts';

export function isOperator(
  { operators }: Pick<Daemon, 'operators'>,
  { uid, user }: { uid: Uid; user: string },
): boolean {
  return operators.some((operator) => (operator.startsWith('%') ? isIn(operator.slice(1), uid) : operator === user));
}

function isIn(group: string, uid: Uid): boolean {
  const account = accountByUid(uid);
  return (account !== null && isMember(account, group)) || isOwnGroup(group, uid);
}

/** The kernel knows the caller's groups of a directory service. */
function isOwnGroup(group: string, uid: Uid): boolean {
  return (
    process.geteuid?.() === uid && (process.getgroups?.() ?? []).some((gid) => groupByGid(asGid(gid))?.name === group)
  );
}
