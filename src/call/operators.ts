import { groupByGid, groupByName } from '../identity/accounts.ts';
import type { Daemon } from '../policy/policy.ts';

/**
 * Whether the config names this user, or a group of the user's, among those who may be switched to the daemon's user.
 */
export function isOperator(
  { operators }: Pick<Daemon, 'operators'>,
  { uid, user }: { uid: number; user: string },
): boolean {
  const isMember = (group: string) => groupByName(group)?.members.includes(user) === true || isOwnGroup(group, uid);
  return operators.some((operator) => (operator.startsWith('%') ? isMember(operator.slice(1)) : operator === user));
}

/** The kernel's word, for the caller itself: primary groups and those of a directory server. */
function isOwnGroup(group: string, uid: number): boolean {
  return process.geteuid?.() === uid && (process.getgroups?.() ?? []).some((gid) => groupByGid(gid)?.name === group);
}
