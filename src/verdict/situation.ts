import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import type { Situation } from './table.ts';
import type { OwnDaemon } from './verdict.ts';

export type CallerSituation =
  { situation: 'declared' | 'lost'; daemon: Daemon } | { situation: 'chosen' | 'alive' | 'absent'; daemon: null };

/** Whether plain pm2 would use this daemon. */
export function isOwn(daemon: Daemon, caller: Caller): boolean {
  return daemon.uid === caller.uid && daemon.pm2Home === caller.pm2Home && caller.overrides.length === 0;
}

/** The declared daemon whose PM2_HOME the call would use, unless a variable moves the socket. */
export function declaredHere(caller: Caller, policy: Policy): Daemon | null {
  return caller.socketMoved ? null : (policy.daemons.find(({ pm2Home }) => pm2Home === caller.pm2Home) ?? null);
}

/** @param own undefined: not asked yet. The result is null if the answer is needed. */
export function situationOf(caller: Caller, policy: Policy, own: OwnDaemon | undefined): CallerSituation | null {
  const declared = declaredHere(caller, policy);
  if (declared) return { situation: 'declared', daemon: declared };
  if (own === undefined) return null;
  const only = onlyOneOf(caller, policy);
  if (only && own.state !== 'callers') return { situation: 'lost', daemon: only };
  const lives = own.state === 'callers' || own.state === 'unknown';
  const situation: Situation = caller.pm2HomeChosen || caller.socketMoved ? 'chosen' : lives ? 'alive' : 'absent';
  return { situation, daemon: null };
}

function onlyOneOf({ uid }: Caller, { daemons }: Policy): Daemon | null {
  const own = daemons.filter((daemon) => daemon.uid === uid);
  return own.length === 1 ? (own[0] ?? null) : null;
}
