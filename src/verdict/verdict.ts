import type { App, Start, Target } from '../pm2/invocation.ts';
import type { Daemon, Rule } from '../policy/policy.ts';
import type { Code } from './codes.ts';

/** What is known of one declared daemon's apps, asked over its socket or read from its dump. */
export interface Sight {
  daemon: string;
  source: 'socket' | 'dump';
  apps: ListedApp[];
}

/** An app in a list, with its number where it runs. */
export type ListedApp = App & { pmId?: number };

/** The daemon that plain pm2 would use for a call, where the config does not declare it. */
export interface OwnDaemon {
  /**
   * `none`: plain pm2 would spawn it. `others`: its socket belongs to another user, by the kernel. `unknown`: this
   * process may not look.
   */
  state: 'none' | 'callers' | 'others' | 'unknown';
  /** Who owns the socket; null: no account, or no socket. */
  user: string | null;
  /** What lives in it; empty where it did not say. */
  apps: ListedApp[];
}

/** What a process file turned out to declare; null: it cannot be read or evaluated, PM2 will say so itself. */
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
  own?: OwnDaemon;
  /** Root has a boot unit of its own (`unstartup`). */
  rootUnit?: boolean;
}

/** A command to type, as words (quoted only when shown). */
export type Suggestion = readonly string[];

/** One of several things that a call could have meant. */
export interface Choice {
  /** `daemon "web"`, `root's stray`. */
  what: string;
  /** In brackets behind it: `3 apps: myapp, ...`. */
  facts: string;
  /** What would stop there: `PRODUCTION STOPS`; null: nothing. */
  harm: string | null;
  command: Suggestion | null;
  /** The daemon as whose user sudo must run it; null: the reader's own rights are enough. */
  as: Daemon | null;
  /** Whom a reader without that right has to ask. */
  mustAsk?: string;
}

/** What the reader of a block can do. */
export type Advice =
  /** One paste does exactly what was asked. */
  | { label: 'run'; command: Suggestion; as: Daemon | null }
  /** All of them, in the order typed. */
  | { label: 'run all'; commands: { command: Suggestion; as: Daemon | null }[] }
  | { label: 'choose'; choices: Choice[] }
  /** An edit in words, or a command. */
  | { label: 'fix'; text: string }
  /** What the reader may not run. `who`: the config's contact. */
  | { label: 'ask'; who: string; command: Suggestion | null }
  /** Past the guard, in the daemon that was named. */
  | { label: 'bypass'; command: Suggestion };

interface Reasoned {
  /** Stable code, explained by `pm2-guard explain PGnnn`. */
  code: Code;
  /** One line for people, without the code. */
  reason: string;
  /** The config entry that decided; null where none did. */
  rule: Rule | null;
}

export interface Pass extends Reasoned {
  type: 'pass';
  /** The declared daemon it lands in; null for exempt users, bypass, and undeclared daemons. */
  daemon: Daemon | null;
  /**
   * Said on stderr: `observed` for calls that would have been put right, `stray` for a daemon that the config does not
   * know.
   */
  report: 'observed' | 'stray' | null;
  /** The call needs no daemon, and none must be left behind. */
  daemonless: boolean;
}

export interface Rewrite extends Reasoned {
  type: 'rewrite';
  daemon: Daemon;
  /** The words after `pm2` to run with: as typed but for options that say "as user X" and those of startup. */
  argv: readonly string[];
  /** Become the daemon's user. False for host-wide work, which is root's, and where the user is right already. */
  switch: boolean;
  /** The caller has another daemon that lives: one line says so. */
  stray: boolean;
  /** The process file says whom its apps run as: the daemon's own user. PM2 must not see it. */
  dropsRunAs: boolean;
}

export interface Block extends Reasoned {
  type: 'block';
  daemon: Daemon | null;
  /** Lines of explanation below the first. */
  details: string[];
  /** What to do instead; empty where nothing typed would help. */
  advice: Advice[];
}

/** The evidence so far does not settle it. */
export interface More {
  type: 'more';
  wants: 'files' | 'sights' | 'own' | 'root unit';
}

export type Verdict = Pass | Rewrite | Block;

/** One thing of the command line, by identity. */
export type Subject = Target | Start;
