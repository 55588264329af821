import { realpathOrNull } from '../runtime/peek.ts';
import type { Policy, Rule } from './policy.ts';

/** An app that runs, is saved, or is declared in a process file. */
export interface KnownApp {
  name: string;
  namespace: string | null;
  script: string | null;
  cwd: string | null;
}

/** The parts of an app that the rules are compared with. The first match decides. */
export interface AppTraits {
  names: readonly string[];
  paths: readonly string[];
}

/** Resolves the symlinks of a path. Null or undefined: the path does not exist, or has no symlink. */
export type RealpathOf = (path: string) => string | null | undefined;

/** PM2 puts every app without a namespace into "default", so that name is no evidence. */
export function traitsOf({ name, namespace, script, cwd }: KnownApp): AppTraits {
  return {
    names: namespace === null || namespace === 'default' ? [name] : [name, namespace],
    paths: [script, cwd].filter((path) => path !== null),
  };
}

/** Finds the rules for an app (docs/contract.md section 3). Empty: none. Several: more than one daemon has a rule. */
export function ownersOfTraits(policy: Policy, { names, paths }: AppTraits, realpathOf: RealpathOf): Rule[] {
  for (const name of names) {
    const rules = policy.ownersOfName(name);
    if (rules.length > 0) return rules;
  }
  for (const path of paths) {
    const rules = ownersOfPath(policy, path, realpathOf);
    if (rules.length > 0) return rules;
  }
  return [];
}

/** Deploy tools start from a symlink such as /srv/app/current, so the resolved path is tried too. */
export function ownersOfPath(policy: Policy, path: string, realpathOf: RealpathOf): Rule[] {
  const rules = policy.ownersOfPath(path);
  if (rules.length > 0) return rules;
  const real = realpathOf(path);
  return real === null || real === undefined ? rules : policy.ownersOfPath(real);
}

/** Several daemons may list one name (staging and prod). The first path that only one of them owns decides. */
export function narrowByPath(policy: Policy, rules: Rule[], paths: readonly string[], realpathOf: RealpathOf): Rule[] {
  if (rules.length < 2) return rules;
  for (const path of paths) {
    const daemons = ownersOfPath(policy, path, realpathOf).map(({ daemon }) => daemon);
    const local = rules.filter(({ daemon }) => daemons.includes(daemon));
    if (local.length === 1) return local;
  }
  return rules;
}

/** For doctor and adopt: gives the same rules as a call that names the app. Several: they do not decide. */
export function ownersOfApp(policy: Policy, app: KnownApp, realpathOf: RealpathOf = realpathOrNull): Rule[] {
  const traits = traitsOf(app);
  return narrowByPath(policy, ownersOfTraits(policy, traits, realpathOf), traits.paths, realpathOf);
}
