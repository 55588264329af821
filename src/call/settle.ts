import type { Invocation } from '../pm2/invocation.ts';
import type { Policy } from '../policy/policy.ts';
import type { Caller } from '../verdict/caller.ts';
import { decide } from '../verdict/decide.ts';
import type { Evidence, More, Verdict } from '../verdict/verdict.ts';
import { withPersonal, type AccountSource } from './personal.ts';

export interface OpenCall<Found extends { evidence: Evidence }> {
  invocation: Invocation;
  caller: Caller;
  policy: Policy;
  /** For the users of `personal`. */
  accounts: AccountSource;
  found: Found;
  /** Adds the evidence that a verdict asked for. */
  look: (more: More, policy: Policy, found: Found) => Promise<Found> | Found;
}

/** Decides a call. `look` finds evidence: the guard reads the host, lint only its files. */
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
