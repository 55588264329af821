/** What a code means, for `pm2-guard explain PD101`. */
export interface FindingPage {
  title: string;
  /** What was found, in PM2's terms. */
  meaning: string;
  /** Why it is a trap, and how a host gets there. */
  trap: string;
  /** What to do. */
  cure: string;
}
