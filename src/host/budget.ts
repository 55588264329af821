import { ByteBudget } from '../pm2/rpc.ts';
import type { Daemon } from '../policy/policy.ts';
import type { Uid, Pm2Home } from '../runtime/brands.ts';
import { statOf } from '../runtime/peek.ts';

/** Limits for all daemons together, because a user can have a thousand sockets. */
export interface Budget {
  bytes: ByteBudget;
  /** Milliseconds since the epoch. A daemon not asked by then counts as silent. */
  deadline: number;
}

/** Limits what one user makes root read, because a user can have endless files and processes. Root has no limit. */
export class Shares {
  readonly #left = new Map<Uid | null, number>();

  constructor(private readonly most: number) {}

  /** @returns false: this user's share is used up */
  take(uid: Uid | null, amount = 1): boolean {
    if (uid === 0) return true;
    const left = (this.#left.get(uid) ?? this.most) - amount;
    this.#left.set(uid, left);
    return left >= 0;
  }
}

/** Two lists (with .bak) of 1,000 apps have 40 MB. */
const MOST_DUMP_BYTES = 128 << 20;

/** Whether a saved list may be read. Its size counts against the limit of the file's owner. */
export function dumpReader(): (file: string) => boolean {
  const shares = new Shares(MOST_DUMP_BYTES);
  return (file) => {
    const stat = statOf(file);
    return stat !== null && shares.take(stat.uid, stat.size);
  };
}

/** An answer of 1,000 apps stays below 64 MiB (src/pm2/rpc.ts). */
const MOST_BYTES = 256 << 20;
const MOST_MS = 20_000;
export const AT_ONCE = 8;

/**
 * Daemons that the config names first, then one of each user in turn, so a user with many sockets delays only that
 * user. The users of `personal` may be any number of ordinary users: their daemons are not first.
 */
export function inFairOrder<One extends { pm2Home: Pm2Home; uid: Uid | null }>(
  live: readonly One[],
  declared: readonly Pick<Daemon, 'pm2Home' | 'personal'>[],
): One[] {
  const named = new Set(declared.filter(({ personal }) => personal !== true).map(({ pm2Home }) => pm2Home));
  const turns = new Map<Uid | null, number>();
  const rank = new Map(
    live.map((one) => {
      if (named.has(one.pm2Home)) return [one, -1];
      const turn = turns.get(one.uid) ?? 0;
      turns.set(one.uid, turn + 1);
      return [one, turn];
    }),
  );
  return [...live].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

export function freshBudget(): Budget {
  return { bytes: new ByteBudget(MOST_BYTES), deadline: Date.now() + MOST_MS };
}
