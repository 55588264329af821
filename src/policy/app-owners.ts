import type { Policy, Rule } from './policy.ts';

/** What is known of an app that runs or is saved. */
export interface KnownApp {
  name: string;
  namespace: string | null;
  /** Absolute. */
  script: string | null;
  cwd: string | null;
}

/**
 * The rules that say where an app belongs, as for a call that names it (PRODUCT.md section 3.2): its name or namespace, narrowed
 * by its path where several daemons claim that; else its path alone.
 *
 * @returns empty: the config does not say; several: it does not decide
 */
export function ownersOfApp(policy: Policy, { name, namespace, script, cwd }: KnownApp): Rule[] {
  const byPath = [script, cwd].map((path) => (path === null ? [] : policy.ownersOfPath(path))).find((rules) => rules.length > 0) ?? [];
  const byName = policy.ownersOfName(name);
  const named = byName.length > 0 || namespace === null || namespace === 'default' ? byName : policy.ownersOfName(namespace);
  if (named.length === 0) return byPath;
  const both = named.filter(({ daemon }) => byPath.some((rule) => rule.daemon === daemon));
  return named.length > 1 && both.length > 0 ? both : named;
}
