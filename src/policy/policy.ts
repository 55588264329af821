/** The policy: who should own what. What every other room sees of /etc/pm2-guard/config.yaml. */

export type Mode = 'rewrite' | 'block' | 'observe';
export type Bypass = 'anyone' | 'root' | 'nobody';
/** What becomes of calls where the guard cannot judge them: the real pm2 runs all the same, or nothing does. */
export type OnError = 'open' | 'closed';
/** Where the one-line notice of a rewrite is printed: everywhere, on terminals, nowhere. */
export type Notices = 'all' | 'terminal' | 'none';

/** One declared daemon, with its user resolved when the policy was made. */
export interface Daemon {
  name: string;
  user: string;
  uid: number;
  gid: number;
  /** Name of the user's primary group. */
  group: string;
  /** The user's home directory and shell, from passwd. */
  userHome: string;
  shell: string;
  /** PM2_HOME: absolute, normalised. */
  home: string;
  mode: Mode;
  /** Pinned real pm2 and node; null: the host's. */
  pm2: string | null;
  node: string | null;
  operators: string[];
  /** Line of the daemon's key in the config file, from 1. */
  line: number;
}

/** One entry of a daemon's `apps` or `paths`: the evidence a verdict points to. */
export interface Rule {
  daemon: string;
  pattern: string;
  /** Line in the config file, from 1. */
  line: number;
}

/** Users who each own a daemon in their own ~/.pm2. */
export interface Personal {
  matchesUser(name: string): boolean;
  groups: readonly string[];
  /** Line of `personal` in the config file, from 1. */
  line: number;
}

export interface Policy {
  /** The config file it was made from. */
  file: string;
  mode: Mode;
  /** Name of the default daemon; null: none. */
  default: string | null;
  daemons: Daemon[];
  exempt: string[];
  bypass: Bypass;
  notices: Notices;
  /** Whom a blocked caller without rights should ask; null: the config does not say. */
  contact: string | null;
  /** null: the config names none. */
  personal: Personal | null;
  /**
   * Rules for an app name or a PM2 namespace. A literal name beats a glob; several rules are returned only where
   * equally specific ones of different daemons match (at most one a daemon). Order does not depend on the config's.
   */
  ownersOfName(name: string): Rule[];
  /**
   * Rules for an absolute path: the longest matching `paths` prefix; several only where two daemons declare the same
   * one.
   */
  ownersOfPath(path: string): Rule[];
  /** Literal app names of the config which the test accepts, with their rules (for `/regex/` targets). */
  namesMatching(test: (name: string) => boolean): Rule[];
}
