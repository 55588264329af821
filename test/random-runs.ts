/** How many cases a random test draws, and from which seed. */
export interface RandomRuns {
  numRuns: number;
  seed?: number;
}

const SEED = 20_261_128;

/**
 * Draws the same cases on each run, so that a change alone makes it fail. A quarter of them where a person waits for
 * the result. `npm run test:random` draws ten times as many, from new seeds; PM2_GUARD_SEED repeats a failure.
 */
export function runs(count: number): RandomRuns {
  const { CI, PM2_GUARD_RANDOM: times, PM2_GUARD_SEED: seed } = process.env;
  if (times !== undefined)
    return { numRuns: count * Number(times), ...(seed === undefined ? {} : { seed: Number(seed) }) };
  return { numRuns: CI === 'true' ? count : Math.ceil(count / 4), seed: seed === undefined ? SEED : Number(seed) };
}

/** Numbers in [0, 1) for tests that draw without fast-check, from the same seed (mulberry32). */
export function randomNumbers(): () => number {
  const { PM2_GUARD_RANDOM: times, PM2_GUARD_SEED: chosen } = process.env;
  let state = Number(chosen ?? (times === undefined ? SEED : Date.now())) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
