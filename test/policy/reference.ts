import type { Rule } from '../../src/policy/policy.ts';

/** A daemon's part of a config, as far as owners go. */
export interface Owner {
  daemon: string;
  apps: { pattern: string; line: number }[];
  paths: { path: string; line: number }[];
}

/** `*` and `?` by hand, on the whole name. Patterns here hold no other wildcard. */
export function naiveMatch(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*')
    return naiveMatch(pattern.slice(1), name) || (name !== '' && naiveMatch(pattern, name.slice(1)));
  return name !== '' && (pattern[0] === '?' || pattern[0] === name[0]) && naiveMatch(pattern.slice(1), name.slice(1));
}

const isWild = (pattern: string): boolean => /[*?]/.test(pattern);
const start = (pattern: string): number => pattern.search(/[*?]/);
const end = (pattern: string): number => /[^*?]*$/.exec(pattern)?.[0].length ?? 0;

function beats(one: string, other: string): boolean {
  return start(one) >= start(other) && end(one) >= end(other) && start(one) + end(one) > start(other) + end(other);
}

/** What policy.ts promises of ownersOfName, in the plainest words. */
export function naiveOwnersOfName(owners: Owner[], name: string): Rule[] {
  const rules = owners.flatMap(({ daemon, apps }) => apps.map(({ pattern, line }) => ({ daemon, pattern, line })));
  const literal = rules.filter(({ pattern }) => !isWild(pattern) && pattern === name);
  const globs = rules.filter(({ pattern }) => isWild(pattern) && naiveMatch(pattern, name));
  const matching =
    literal.length > 0 ? literal : globs.filter(({ pattern }) => !globs.some((other) => beats(other.pattern, pattern)));
  return onePerDaemon(matching);
}

/** The same of ownersOfPath. */
export function naiveOwnersOfPath(owners: Owner[], path: string): Rule[] {
  const rules = owners.flatMap(({ daemon, paths }) =>
    paths.map(({ path: pattern, line }) => ({ daemon, pattern, line })),
  );
  const holding = rules.filter(
    ({ pattern }) => pattern === path || path.startsWith(pattern === '/' ? '/' : `${pattern}/`),
  );
  const longest = Math.max(...holding.map(({ pattern }) => pattern.length));
  return onePerDaemon(holding.filter(({ pattern }) => pattern.length === longest));
}

function onePerDaemon(rules: Rule[]): Rule[] {
  const sorted = [...rules].sort(
    (a, b) => compare(a.daemon, b.daemon) || compare(a.pattern, b.pattern) || a.line - b.line,
  );
  return sorted.filter(({ daemon }, index) => sorted[index - 1]?.daemon !== daemon);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
