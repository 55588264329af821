import { minUptimeOf, type Pm2Env } from '../pm2/record.ts';

/** Limits the wait: an app's `min_uptime` may be hours. */
const LONGEST_MS = 300_000;

/** Milliseconds that an app has to stay online to count as started. */
export function stableAfterMs(records: readonly Pm2Env[]): number {
  return Math.min(Math.max(minUptimeOf(records), 0), LONGEST_MS);
}
