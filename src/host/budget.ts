import { ByteBudget } from '../pm2/rpc.ts';
import { statOf } from '../runtime/peek.ts';

/** What all daemons together may take: any user can have a thousand sockets. */
export interface Budget {
  bytes: ByteBudget;
  /** In milliseconds since the epoch: a daemon that is not asked by then is called silent. */
  deadline: number;
}

/**
 * What the things of one user may cost when root looks at a host: bytes, or a number of looks. Any user can have files
 * and processes without end. Root's own are not counted.
 */
export class Shares {
  readonly #left = new Map<number | null, number>();

  constructor(private readonly most: number) {}

  /** @returns false: the share of this user is used up */
  take(uid: number | null, amount = 1): boolean {
    if (uid === 0) return true;
    const left = (this.#left.get(uid) ?? this.most) - amount;
    this.#left.set(uid, left);
    return left >= 0;
  }
}

/** Bytes of saved lists of one user that a look at a host reads: those of 1,000 apps have 20 MB, and twice (.bak). */
const MOST_DUMP_BYTES = 128 << 20;

/** Says whether a saved list is read: to the account of the user whose file it is. */
export function dumpReader(): (file: string) => boolean {
  const shares = new Shares(MOST_DUMP_BYTES);
  return (file) => {
    const stat = statOf(file);
    return stat !== null && shares.take(stat.uid, stat.size);
  };
}

/** Limits of all conversations together. The answer of a daemon with 1,000 apps stays below 64 MiB (src/pm2/rpc.ts). */
const MOST_BYTES = 256 << 20;
const MOST_MS = 20_000;
/** Daemons that are asked at the same time. */
export const AT_ONCE = 8;

/**
 * First the declared daemons, then one of each user, then a second of each: a user with a thousand sockets delays only
 * the user's own.
 */
export function inFairOrder<One extends { home: string; uid: number | null }>(
  live: readonly One[],
  declared: readonly { home: string }[],
): One[] {
  const turns = new Map<number | null, number>();
  const rank = new Map(
    live.map((one) => {
      if (declared.some(({ home }) => home === one.home)) return [one, -1];
      const turn = turns.get(one.uid) ?? 0;
      turns.set(one.uid, turn + 1);
      return [one, turn];
    }),
  );
  return [...live].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

/** For one look at a host. */
export function freshBudget(): Budget {
  return { bytes: new ByteBudget(MOST_BYTES), deadline: Date.now() + MOST_MS };
}
