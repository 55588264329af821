import type { Holder } from './names.ts';

/** A glob of the compiled policy. Its fixed start and end exclude most names without a regular expression. */
export type Glob = readonly [
  prefix: string,
  suffix: string,
  source: string,
  pattern: string,
  daemon: number,
  line: number,
];

/** Put before every name and pattern: globs treat a leading dot as hidden. */
export const START = '\ue001';
/** Replaces `/`, because `*` must match `@scope/app`. */
export const SLASH = '\ue000';

/** Matching time is a power of the length when a glob has several stars, and any user can choose a name. */
const LONGEST_NAME = 256;

/** At most one glob for each daemon: `shop-admin-*` beats `shop-*`, which beats `*`. `*-prod` equals `shop-*`. */
export function matchingGlobs(globs: readonly Glob[], name: string): [pattern: string, holder: Holder][] {
  if (name.length > LONGEST_NAME) return [];
  const subject = START + name.replace(/\//g, SLASH);
  // Indexing is much faster than destructuring for a thousand tuples.
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
