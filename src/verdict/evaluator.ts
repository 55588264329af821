import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import type { Evidence } from './verdict.ts';

/**
 * As whom a process file may be evaluated to see what it declares: the user who would run it, as far as is known before
 * looking inside; never root for somebody else's file.
 *
 * @param path of the file; null: it came on standard input
 * @returns `self` where the caller evaluates as himself, a daemon whose user it is, or null: by nobody
 */
export function evaluatorOf(path: string | null, caller: Caller, policy: Policy, evidence: Evidence): 'self' | Daemon | null {
  if (caller.uid !== 0) return 'self';
  const physical = path === null ? undefined : evidence.realpaths.get(path);
  const byPath = path === null ? [] : [...policy.ownersOfPath(path), ...(physical === undefined ? [] : policy.ownersOfPath(physical))];
  const name = byPath[0]?.daemon
    ?? policy.daemons.find((daemon) => daemon.home === caller.home && !(caller.rootBySudo && !caller.homeChosen))?.name
    ?? policy.default;
  const daemon = policy.daemons.find((candidate) => candidate.name === name);
  return daemon ?? null;
}
