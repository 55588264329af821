/** The shim as sudoers names it (`pm2-guard sudoers`). */
export const SHIM_COMMAND = '/usr/local/lib/pm2-guard/bin/pm2';

/**
 * First word of a call that re-enters as the owner: the daemon that was decided on. It stands for PM2_HOME, which
 * sudo's env_reset takes away, and it marks the call as one hop old: there is never a second one.
 */
export const HOP = '--pm2-guard-daemon=';

/** Second word of such a call: the directory of the mark (src/guard/mark.ts) by which the shim says that it started. */
export const MARK = '--pm2-guard-mark=';

/** Next word: names of the variables that were to cross, separated by commas. */
export const KEPT = '--pm2-guard-kept=';

/**
 * The only word of a call that runs nothing: the shim ends at once with status 0. It asks whether sudo allows the
 * hop.
 */
export const MAY = '--pm2-guard-may';

/** A call as it was re-entered, or typed. */
export interface Unwrapped {
  argv: readonly string[];
  /** The daemon that was decided on before; null: the call was typed. */
  decided: string | null;
  /** Names of the variables that were to cross. */
  kept: string[];
}

/** Takes the words of the hop from a call of pm2. */
export function unwrapHop(argv: readonly string[]): Unwrapped {
  const [first = '', ...rest] = argv;
  if (!first.startsWith(HOP)) return { argv, decided: null, kept: [] };
  if (rest[0]?.startsWith(MARK) === true) rest.shift();
  const kept = rest[0]?.startsWith(KEPT) === true ? (rest.shift()?.slice(KEPT.length) ?? '').split(',') : [];
  return { argv: rest, decided: first.slice(HOP.length), kept: kept.filter((name) => name !== '') };
}
