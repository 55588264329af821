import type { Gid, Uid, Pm2Home } from '../runtime/brands.ts';

export type Mode = 'rewrite' | 'block' | 'observe';
export type Bypass = 'anyone' | 'root' | 'nobody';
/** What happens when the guard cannot decide: `open` runs the real pm2, `closed` runs nothing. */
export type OnError = 'open' | 'closed';
export type Notices = 'all' | 'terminal' | 'none';

export interface Daemon {
  name: string;
  user: string;
  uid: Uid;
  gid: Gid;
  group: string;
  /** From passwd. */
  homeDirectory: string;
  shell: string;
  /** PM2_HOME, absolute and normalised. */
  pm2Home: Pm2Home;
  mode: Mode;
  /** Pinned real pm2 and node. Null: those of the host. */
  pm2: string | null;
  node: string | null;
  operators: string[];
  /** Line in the config, from 1. */
  line: number;
  /** Of a user of `personal`: the config has no entry for it, and `line` is that of `personal`. */
  personal?: true;
}

export interface Rule {
  daemon: string;
  pattern: string;
  line: number;
}

/** Users who each own a daemon in their own ~/.pm2. */
export interface Personal {
  matchesUser(name: string): boolean;
  groups: readonly string[];
  line: number;
}

export interface Policy {
  file: string;
  mode: Mode;
  default: string | null;
  daemons: Daemon[];
  exempt: string[];
  bypass: Bypass;
  notices: Notices;
  /** The contact for blocked callers. Null: not set. */
  contact: string | null;
  personal: Personal | null;
  /** A literal name beats a glob. Several: equally specific rules of different daemons. */
  ownersOfName(name: string): Rule[];
  /** The longest `paths` prefix of an absolute path. Several: two daemons declare the same one. */
  ownersOfPath(path: string): Rule[];
  /** Literal app names that pass the test, with their rules (for `/regex/` targets). */
  namesMatching(test: (name: string) => boolean): Rule[];
}
