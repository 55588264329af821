import type { Holder } from './names.ts';

/**
 * A glob as the compiled policy holds it. What every match must start and end with tells nearly all of them apart, so a
 * regular expression is built only for the one or two that remain.
 */
export type Glob = readonly [
  prefix: string,
  suffix: string,
  source: string,
  pattern: string,
  daemon: number,
  line: number,
];

/** Stands before every name and pattern, so that no wildcard is at the start, where globs treat dots as hidden. */
export const START = '\ue001';
/** Stands for `/`, which is no boundary in an app's name: `*` matches `@scope/app`. */
export const SLASH = '\ue000';

/**
 * A longer name is matched by no glob: several stars cost a power of its length, and it may be the word of any user's
 * daemon.
 */
const LONGEST_NAME = 256;

/**
 * The globs that match and are not beaten, as pattern and holder, at most one a daemon. One glob beats another where it
 * fixes at least as much of the name's start and of its end, and more of one: `shop-admin-*` beats `shop-*` beats `*`,
 * while `*-prod` and `shop-*` are equals.
 */
export function matchingGlobs(globs: readonly Glob[], name: string): [pattern: string, holder: Holder][] {
  if (name.length > LONGEST_NAME) return [];
  const subject = START + name.replace(/\//g, SLASH);
  // By index: taking a thousand tuples apart by destructuring costs more than all the rest.
  const matching = globs.filter(
    (glob) =>
      name.startsWith(glob[0]) &&
      name.endsWith(glob[1]) &&
      name.length >= glob[0].length + glob[1].length &&
      new RegExp(glob[2]).test(subject),
  );
  const best = matching.filter((glob) => !matching.some((other) => beats(other, glob)));
  const perDaemon = new Map<number, Glob>();
  for (const glob of best) {
    const held = perDaemon.get(glob[4]);
    if (held === undefined || glob[3] < held[3]) perDaemon.set(glob[4], glob);
  }
  return [...perDaemon.values()].map(([, , , pattern, daemon, line]) => [pattern, [daemon, line]]);
}

function beats([prefix, suffix]: Glob, [otherPrefix, otherSuffix]: Glob): boolean {
  return (
    prefix.length >= otherPrefix.length &&
    suffix.length >= otherSuffix.length &&
    prefix.length + suffix.length > otherPrefix.length + otherSuffix.length
  );
}
