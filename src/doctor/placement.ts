import type { AppFacts } from '../host/daemons/app-facts.ts';
import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { HostFacts, LivingFacts } from '../host/facts.ts';
import type { Pm2HomeFacts } from '../host/homes/home-facts.ts';
import type { SavedList } from '../host/homes/saved-list.ts';
import { ownersOfApp } from '../policy/app-owners.ts';
import type { Daemon, Policy, Rule } from '../policy/policy.ts';

export type Placement =
  /** Its own daemon. `rule` is null where a declared daemon has an app that no rule names. */
  | { type: 'home'; rule: Rule | null }
  /** The config puts it into one of `owners`. */
  | { type: 'stray'; owners: readonly [Daemon, ...Daemon[]]; rule: Rule }
  | { type: 'unknown' }
  /** There is no config, the daemon is in a container, or its user is exempt. */
  | { type: 'unjudged' };

/** Without the daemons in containers, to which the config does not apply. */
export function daemonsHere({ daemons }: LivingFacts): DaemonFacts[] {
  return daemons.filter(({ elsewhere }) => !elsewhere);
}

/** Null: the PM2_HOME is gone, or in a container. */
export function pm2HomeOf({ pm2Home, physical, elsewhere }: DaemonFacts, { pm2Homes }: HostFacts): Pm2HomeFacts | null {
  return elsewhere
    ? null
    : (pm2Homes.find((one) => one.pm2Home === pm2Home) ??
        pm2Homes.find((one) => physical !== null && one.physical === physical) ??
        null);
}

/**
 * The list that `pm2 resurrect` would start: dump.pm2, or its backup where dump.pm2 is missing or cut short
 * (lib/API/Startup.js, PM2 5.4 to 7.0). Null: there is no readable list.
 */
export function savedList(pm2HomeFacts: Pm2HomeFacts | null | undefined): SavedList | null {
  return pm2HomeFacts?.saved[0] ?? null; // dump.pm2 is first
}

/** The apps in savedList. */
export function savedNames(pm2HomeFacts: Pm2HomeFacts | null | undefined): string[] | null {
  return savedList(pm2HomeFacts)?.apps.map(({ name }) => name) ?? null;
}

/** Whether `pm2 resurrect` finds a list, readable or not. */
export function hasSavedList({ dump, saved }: Pm2HomeFacts): boolean {
  return dump || saved.length > 0;
}

/** The declared daemon with the same PM2_HOME and user. */
export function declaredAs({ declared, uid }: DaemonFacts): Daemon | null {
  return declared !== null && (uid === null || declared.uid === uid) ? declared : null;
}

export function isUndeclared(daemon: DaemonFacts, { policy }: LivingFacts): boolean {
  return policy !== null && !daemon.elsewhere && declaredAs(daemon) === null && !isExempt(daemon, policy);
}

/** Null: the PM2_HOME belongs to the daemon's own user. */
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
  const owner = pm2HomeOf(daemon, facts)?.owner ?? null;
  if (owner === null || owner.uid === uid) return null;
  const why = {
    config: 'the config says so',
    passwd: `${owner.homeDirectory} is the home directory of ${owner.name}`,
    unit: `a boot unit starts it as ${owner.name}`,
    directory: `${owner.name} owns the directory`,
  };
  return { name: owner.name, why: why[owner.evidence] };
}

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
