import type { Invocation } from '../pm2/invocation.ts';
import type { Policy } from '../policy/policy.ts';
import type { Caller } from '../verdict/caller.ts';
import { decide } from '../verdict/decide.ts';
import type { Evidence, More, Verdict } from '../verdict/verdict.ts';
import { withPersonal, type AccountSource } from './personal.ts';

/** A call whose words and caller are known, and how more can be found out about it. */
export interface OpenCall<Found extends { evidence: Evidence }> {
  invocation: Invocation;
  caller: Caller;
  policy: Policy;
  /** Knows the users that `personal` may stand for. */
  accounts: AccountSource;
  /** What is known at first. */
  found: Found;
  /** Adds the one kind of evidence that a verdict asked for. */
  look: (more: More, policy: Policy, found: Found) => Promise<Found> | Found;
}

/**
 * From words and caller to a verdict: the part of a call that does not depend on the host. The guard looks for
 * evidence on the machine that it runs on. Lint has none but the files it reads.
 *
 * @returns the policy with the personal daemons of this call, the verdict, and all that was found
 */
export async function settleVerdict<Found extends { evidence: Evidence }>(
  call: OpenCall<Found>,
): Promise<Found & { policy: Policy; verdict: Verdict }> {
  const { invocation, caller, accounts, look } = call;
  const policy = withPersonal(call.policy, caller, invocation, accounts);
  let { found } = call;
  for (;;) {
    const verdict = decide(invocation, caller, policy, found.evidence);
    if (verdict.type !== 'more') return { ...found, policy, verdict };
    found = await look(verdict, policy, found);
  }
}
