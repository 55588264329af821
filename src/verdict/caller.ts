import type { Pm2Home } from '../runtime/brands.ts';
import type { Person } from '../identity/caller.ts';

export interface Caller extends Person {
  /** PM2_HOME as the real pm2 resolves it, absolute. */
  pm2Home: Pm2Home;
  /** The environment chose `pm2Home` (PM2_HOME, or another HOME than in passwd). */
  pm2HomeChosen: boolean;
  /** Variables in the environment that move PM2's sockets or files (T21). */
  overrides: readonly string[];
  /** Absolute path of the RPC socket. */
  socket: string;
  /** A variable moved the socket out of `pm2Home` (T21). */
  socketMoved: boolean;
  /** PM2 reads an app's name from variables called `name` and `namespace`. */
  naming: Readonly<Record<string, string>>;
  /** PM2_GUARD=off is set. */
  bypass: boolean;
  /** null: the directory was deleted. */
  cwd: string | null;
}
