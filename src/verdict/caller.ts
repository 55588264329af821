import type { Person } from '../identity/caller.ts';

/** A person together with the daemon that the real pm2 would use for the call. */
export interface Caller extends Person {
  /** PM2_HOME as the real pm2 would resolve it; absolute. */
  home: string;
  /**
   * The environment chose that home (PM2_HOME, or a HOME that is not the passwd home); false: it follows from the user.
   */
  homeChosen: boolean;
  /** Variables present that move PM2's sockets or files elsewhere (T21). */
  overrides: readonly string[];
  /** The socket by which PM2's client would reach that daemon; absolute. */
  socket: string;
  /** A variable puts that socket elsewhere than into `home` (T21). */
  socketMoved: boolean;
  /** Variables called `name` and `namespace`, which name the app that a call starts. */
  naming: Readonly<Record<string, string>>;
  /** PM2_GUARD=off: the caller asks to be left alone. */
  bypass: boolean;
  /** Where the call is made; null where the directory was deleted. */
  cwd: string | null;
}
