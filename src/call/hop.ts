/** As in sudoers (`pm2-guard sudoers`). */
export const SHIM_COMMAND = '/usr/local/lib/pm2-guard/bin/pm2';

/** First argument behind sudo: the daemon. It replaces PM2_HOME, which env_reset removes. No second switch. */
export const HOP = '--pm2-guard-daemon=';

/** Second argument: the directory of the mark (src/guard/mark.ts). */
export const MARK = '--pm2-guard-mark=';

/** Next argument: names of variables that should cross, with commas. */
export const KEPT = '--pm2-guard-kept=';

/** Only argument of a call that tests sudo: the shim exits with 0 at once. */
export const MAY = '--pm2-guard-may';

export interface Unwrapped {
  argv: readonly string[];
  /** The chosen daemon. Null: a typed call. */
  decided: string | null;
  kept: string[];
}

export function unwrapHop(argv: readonly string[]): Unwrapped {
  const [first = '', ...rest] = argv;
  if (!first.startsWith(HOP)) return { argv, decided: null, kept: [] };
  if (rest[0]?.startsWith(MARK) === true) rest.shift();
  const kept = rest[0]?.startsWith(KEPT) === true ? (rest.shift()?.slice(KEPT.length) ?? '').split(',') : [];
  return { argv: rest, decided: first.slice(HOP.length), kept: kept.filter((name) => name !== '') };
}
