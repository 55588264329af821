import type { Person } from '../identity/caller.ts';

/** A person together with the daemon that the real pm2 would use for the call. */
export interface Caller extends Person {
  /** PM2_HOME as the real pm2 would resolve it; absolute. */
  home: string;
  /** The environment chose that home (PM2_HOME, or a HOME that is not the passwd home); false: it follows from the user. */
  homeChosen: boolean;
  /** Variables present that move PM2's sockets or files elsewhere (T21): with any of them, `home` does not say which daemon is meant. */
  overrides: readonly string[];
  /** Where the call is made; null where the directory was deleted. */
  cwd: string | null;
}
