import { withOnly, withTargets } from '../pm2/edit-command-line.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import type { Caller } from './caller.ts';
import type { Claim } from './owners.ts';
import type { Suggestion } from './verdict.ts';

/** The command that reaches `daemon`, as unquoted words. */
export function commandFor(daemon: Daemon, caller: Caller, argv: readonly string[], pm2 = 'pm2'): Suggestion {
  const call = [`PM2_HOME=${daemon.pm2Home}`, ...namingVariables(caller), pm2, ...argv];
  if (caller.uid !== daemon.uid) return ['sudo', '-u', daemon.user, ...call];
  return caller.overrides.length === 0 ? call : ['env', ...caller.overrides.flatMap((name) => ['-u', name]), ...call];
}

/** The call for the daemon that plain pm2 would use. It names a PM2_HOME that was perhaps typed in this call alone. */
export function ownCall(
  caller: Caller,
  argv: readonly string[],
  { context: { env } }: Pick<Invocation, 'context'>,
): Suggestion {
  return [...choosing(caller, env), 'pm2', ...argv];
}

function choosing({ pm2Home, pm2HomeChosen, overrides }: Caller, env: NodeJS.ProcessEnv): string[] {
  return [
    ...(pm2HomeChosen ? [`PM2_HOME=${pm2Home}`] : []),
    ...overrides.flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`])),
  ];
}

/** PM2 reads an app's name from these variables, and sudo drops them. */
function namingVariables({ naming }: Caller): string[] {
  return Object.entries(naming).map(([name, value]) => `${name}=${value}`);
}

/** The call without the guard. Null: the config forbids it. `owner`: user of the socket; null: the caller. */
export function bypassFor(
  { argv, context: { env } }: Invocation,
  caller: Caller,
  { bypass }: Policy,
  owner: string | null,
): Suggestion | null {
  const foreign = owner !== null && owner !== caller.user;
  const asRoot = foreign ? owner === 'root' : caller.uid === 0;
  if (bypass === 'nobody' || (bypass === 'root' && !asRoot)) return null;
  // sudo drops the variables that chose the daemon, and without them the line would reach another one.
  const chosen = choosing({ ...caller, pm2HomeChosen: caller.pm2HomeChosen || foreign }, env);
  const call = ['PM2_GUARD=off', ...chosen, 'pm2', ...argv];
  if (foreign) return ['sudo', '-u', owner, ...call];
  // sudo for a root shell too: another user may paste the line.
  return caller.uid === 0 ? ['sudo', ...call] : call;
}

/** Arguments for only some things of a call, one list for each call. Null: no command line can say that. */
export function onlyThese(
  invocation: Invocation,
  keep: readonly Claim[],
  all: readonly Claim[],
): readonly (readonly string[])[] | null {
  const of = [...new Set(keep.map((claim) => claim.of))];
  const others = all.filter((claim) => !keep.includes(claim));
  const shared = others.filter((claim) => of.includes(claim.of));
  const unclaimed = [...invocation.targets, ...invocation.starts].filter(
    (thing) => !all.some((claim) => claim.of === thing),
  );
  if (shared.length === 0) {
    const words = withTargets(invocation, invocation.context, [...of, ...unclaimed]);
    return words === null ? null : [words];
  }
  const names = keep.map(({ fromFile }) => fromFile);
  if (of.length !== 1 || !names.every((name) => name !== null)) return null;
  return withOnly(invocation, invocation.context, names);
}
