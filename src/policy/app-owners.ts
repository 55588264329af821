import { realpathOrNull } from '../runtime/peek.ts';
import type { Policy, Rule } from './policy.ts';

/** What is known of an app that runs, is saved, or stands in a process file. */
export interface KnownApp {
  name: string;
  namespace: string | null;
  /** Absolute. */
  script: string | null;
  cwd: string | null;
}

/** What the rules of the config are compared with, strongest evidence first. */
export interface AppTraits {
  /** Name, then namespace. */
  names: readonly string[];
  /** Absolute paths: script, then working directory. */
  paths: readonly string[];
}

/** Resolves the symlinks of a path; undefined or null: the path does not exist, or holds none. */
export type RealpathOf = (path: string) => string | null | undefined;

/** PM2 puts every app without a namespace into "default", so that name says nothing. */
export function traitsOf({ name, namespace, script, cwd }: KnownApp): AppTraits {
  return {
    names: namespace === null || namespace === 'default' ? [name] : [name, namespace],
    paths: [script, cwd].filter((path) => path !== null),
  };
}

/**
 * The rules that say where an app belongs; first evidence wins (docs/contract.md section 3): its name, its namespace, a
 * path.
 *
 * @returns empty: the config does not say; several: more than one daemon claims it
 */
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

/** By the path as written, then with its symlinks resolved: deploy tools start from /srv/app/current, a symlink. */
export function ownersOfPath(policy: Policy, path: string, realpathOf: RealpathOf): Rule[] {
  const rules = policy.ownersOfPath(path);
  if (rules.length > 0) return rules;
  const real = realpathOf(path);
  return real === null || real === undefined ? rules : policy.ownersOfPath(real);
}

/** Where several daemons claim one name (staging and prod), the first path that only one of them owns decides. */
export function narrowByPath(policy: Policy, rules: Rule[], paths: readonly string[], realpathOf: RealpathOf): Rule[] {
  if (rules.length < 2) return rules;
  for (const path of paths) {
    const daemons = ownersOfPath(policy, path, realpathOf).map(({ daemon }) => daemon);
    const local = rules.filter(({ daemon }) => daemons.includes(daemon));
    if (local.length === 1) return local;
  }
  return rules;
}

/**
 * The rules that say where an app belongs, for doctor and adopt: the answer that a call gets which names the app.
 *
 * @returns empty: the config does not say; several: it does not decide
 */
export function ownersOfApp(policy: Policy, app: KnownApp, realpathOf: RealpathOf = realpathOrNull): Rule[] {
  const traits = traitsOf(app);
  return narrowByPath(policy, ownersOfTraits(policy, traits, realpathOf), traits.paths, realpathOf);
}
