import type { App } from '../pm2/invocation.ts';
import type { Daemon, Rule } from '../policy/policy.ts';

/** What is known of one declared daemon's apps, asked over its socket or read from its dump. */
export interface Sight {
  daemon: string;
  source: 'socket' | 'dump';
  apps: App[];
}

/** What process files turned out to declare; `null`: it cannot be read or evaluated, PM2 will say so itself. */
export type FileApps = App[] | null;

/**
 * What was found beyond argv and the config. A field that is absent was not looked at yet; a verdict that needs it
 * says so (`more`), and the caller comes back with it. So the verdict stays a pure function.
 */
export interface Evidence {
  /** Physical path of every path the invocation names, where it differs from the logical one. */
  realpaths: ReadonlyMap<string, string>;
  /** By absolute path; `-` for standard input. */
  files?: ReadonlyMap<string, FileApps>;
  sights?: readonly Sight[];
}

/** A command to type, as words (quoted only when shown). */
export type Suggestion = readonly string[];

interface Reasoned {
  /** Stable code, explained by `pm2-guard explain PGnnn`. */
  code: string;
  /** One line for people, without the code. */
  reason: string;
  /** The config entry that decided; null where none did. */
  rule: Rule | null;
}

export interface Pass extends Reasoned {
  type: 'pass';
  /** The declared daemon it lands in; null for exempt users, bypass, and observed strays. */
  daemon: Daemon | null;
  /** Say the reason on stderr (observe). */
  report: boolean;
}

export interface Rewrite extends Reasoned {
  type: 'rewrite';
  daemon: Daemon;
  /** The words after `pm2` to run with: as typed but for startup, whose -u and --hp are filled in. */
  argv: readonly string[];
  /** Become the daemon's user. False for startup, which is root's work, and where the user is right already. */
  switch: boolean;
}

export interface Block extends Reasoned {
  type: 'block';
  daemon: Daemon | null;
  /** Lines of explanation below the first. */
  details: string[];
  /** What to type instead; empty where nothing typed would help. */
  run: Suggestion[];
}

/** The evidence so far does not settle it. */
export interface More {
  type: 'more';
  wants: 'files' | 'sights';
}

export type Verdict = Pass | Rewrite | Block;
