import type { AppFacts } from '../host/app-facts.ts';
import type { DaemonFacts } from '../host/daemon-facts.ts';
import type { HostFacts, LivingFacts } from '../host/facts.ts';
import type { Pm2HomeFacts } from '../host/home-facts.ts';
import { ownersOfApp } from '../policy/app-owners.ts';
import type { Daemon, Policy, Rule } from '../policy/policy.ts';

/** Whether an app lives where the config puts it. */
export type Placement =
  /** Its daemon is the one. `rule` is null where nothing names it, and a declared daemon has it. */
  | { type: 'home'; rule: Rule | null }
  /** The config puts it elsewhere: into the first of `owners`, or another of them. */
  | { type: 'stray'; owners: readonly [Daemon, ...Daemon[]]; rule: Rule }
  /** Nothing names it, nor its daemon. */
  | { type: 'unknown' }
  /** There is no config, it is not ours to judge (a container), or the daemon's user is exempt. */
  | { type: 'unjudged' };

/** The daemons of this host's own file system: those of containers are not for its config to judge. */
export function daemonsHere({ daemons }: LivingFacts): DaemonFacts[] {
  return daemons.filter(({ elsewhere }) => !elsewhere);
}

/** The home of a daemon, and what lies in it; null: it is gone, or elsewhere. */
export function homeOf({ home, physical, elsewhere }: DaemonFacts, { homes }: HostFacts): Pm2HomeFacts | null {
  return elsewhere
    ? null
    : (homes.find((one) => one.home === home) ??
        homes.find((one) => physical !== null && one.physical === physical) ??
        null);
}

/** The names in the list that `pm2 resurrect` would bring back; null: there is none, or none that can be read. */
export function savedNames(home: Pm2HomeFacts | null): string[] | null {
  return home?.saved.find(({ file }) => file === 'dump.pm2')?.apps.map(({ name }) => name) ?? null;
}

/** The declared daemon that this one is: its home, and its user. Null: nobody declared it. */
export function declaredAs({ declared, uid }: DaemonFacts): Daemon | null {
  return declared !== null && (uid === null || declared.uid === uid) ? declared : null;
}

/** A daemon that the config might have declared, and did not. */
export function isUndeclared(daemon: DaemonFacts, { policy }: LivingFacts): boolean {
  return policy !== null && !daemon.elsewhere && declaredAs(daemon) === null && !isExempt(daemon, policy);
}

/** Who should live in its home, and what says so; null: nobody else than its own user. */
export function foreignOwner(daemon: DaemonFacts, facts: HostFacts): { name: string; why: string } | null {
  const { declared, uid } = daemon;
  if (uid === null) return null;
  if (declared !== null)
    return declared.uid === uid
      ? null
      : {
          name: declared.user,
          why: `${facts.policy?.file ?? 'the config'}:${declared.line} declares ${declared.name}`,
        };
  const owner = homeOf(daemon, facts)?.owner ?? null;
  if (owner === null || owner.uid === uid) return null;
  const why = {
    config: 'the config says so',
    passwd: `${owner.home} is the home directory of ${owner.name}`,
    unit: `a boot unit starts it as ${owner.name}`,
    directory: `${owner.name} owns the directory`,
  };
  return { name: owner.name, why: why[owner.evidence] };
}

/** Where an app of a living daemon should live. */
export function placementOf(app: AppFacts, daemon: DaemonFacts, { policy }: LivingFacts): Placement {
  if (policy === null || daemon.elsewhere || isExempt(daemon, policy)) return { type: 'unjudged' };
  const rules = ownersOfApp(policy, app);
  const [rule] = rules;
  const own = declaredAs(daemon);
  if (rule === undefined) return own === null ? { type: 'unknown' } : { type: 'home', rule: null };
  const mine = rules.find((one) => one.daemon === own?.name);
  if (mine !== undefined) return { type: 'home', rule: mine };
  const [owner, ...others] = policy.daemons.filter(({ name }) => rules.some((one) => one.daemon === name));
  return owner === undefined ? { type: 'unjudged' } : { type: 'stray', owners: [owner, ...others], rule };
}

function isExempt({ user }: DaemonFacts, { exempt }: Policy): boolean {
  return user !== null && exempt.includes(user);
}
