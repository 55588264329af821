import type { App, Start, Target } from '../pm2/invocation.ts';
import type { Daemon, Rule } from '../policy/policy.ts';
import type { Code } from './codes.ts';

/** The apps of one declared daemon. */
export interface Sight {
  daemon: string;
  source: 'socket' | 'dump';
  apps: ListedApp[];
}

export type ListedApp = App & { pmId?: number };

/** The undeclared daemon that plain pm2 would use. */
export interface OwnDaemon {
  /** `none`: plain pm2 would start it. `others`: another user owns the socket. `unknown`: not readable. */
  state: 'none' | 'callers' | 'others' | 'unknown';
  /** Owner of the socket. Null: no account, or no socket. */
  user: string | null;
  /** Empty if it did not answer. */
  apps: ListedApp[];
}

/** null: unreadable or not evaluated. PM2 reports that itself. */
export type FileApps = App[] | null;

/** Facts beyond argv and the config. An absent field is not known yet, and a verdict asks for it by `more`. */
export interface Evidence {
  /** Resolved paths of the call, where they differ from the typed ones. */
  realpaths: ReadonlyMap<string, string>;
  /** By absolute path; `-` is standard input. */
  files?: ReadonlyMap<string, FileApps>;
  sights?: readonly Sight[];
  own?: OwnDaemon;
  /** root has a boot unit (`unstartup`). */
  rootUnit?: boolean;
}

/** A command as unquoted words. */
export type Suggestion = readonly string[];

export interface Choice {
  /** `daemon "web"`, `root's stray`. */
  what: string;
  /** Shown in brackets: `3 apps: myapp, ...`. */
  facts: string;
  /** `PRODUCTION STOPS`. Null: no harm. */
  harm: string | null;
  command: Suggestion | null;
  /** The command runs as this daemon's user, who is not the caller. Null: as the caller, or host-wide work as root. */
  as: Daemon | null;
  /** The contact, if the reader may not run it. */
  mustAsk?: string;
}

export type Advice =
  | { label: 'run'; command: Suggestion; as: Daemon | null }
  /** In the order typed. */
  | { label: 'run all'; commands: { command: Suggestion; as: Daemon | null }[] }
  | { label: 'choose'; choices: Choice[] }
  | { label: 'fix'; text: string }
  /** The reader may not run it. `who`: the contact in the config. */
  | { label: 'ask'; who: string; command: Suggestion | null }
  | { label: 'bypass'; command: Suggestion };

interface Reasoned {
  code: Code;
  /** One line without the code. */
  reason: string;
  rule: Rule | null;
}

export interface Pass extends Reasoned {
  type: 'pass';
  /** null: undeclared, exempt user, or bypass. */
  daemon: Daemon | null;
  /** Printed on stderr. `observed`: would have been corrected. `stray`: an undeclared daemon. */
  report: 'observed' | 'stray' | null;
  /** The call needs no daemon, and must not leave one running. */
  daemonless: boolean;
}

/** Why a call goes to a daemon. `lost`: the caller's only one. `own`: the one that plain pm2 would use. */
export type Cause = 'rule' | 'default' | 'lost' | 'own';

export interface Rewrite extends Reasoned {
  type: 'rewrite';
  /** Null: host-wide work. */
  why: Cause | null;
  daemon: Daemon;
  /** As typed, without options for another user, and with corrected options of startup. */
  argv: readonly string[];
  /** Become the daemon's user. False for host-wide work, and if the user is right already. */
  switch: boolean;
  /** The caller has another running daemon, which is reported. */
  stray: boolean;
  /** The process file asks for the daemon's own user. PM2 must not see that. */
  dropsRunAs: boolean;
}

export interface Block extends Reasoned {
  type: 'block';
  daemon: Daemon | null;
  details: string[];
  /** Empty if no command would help. */
  advice: Advice[];
}

export interface More {
  type: 'more';
  wants: 'files' | 'sights' | 'own' | 'root unit';
}

export type Verdict = Pass | Rewrite | Block;

/** Compared with ===: two equal words are two subjects. */
export type Subject = Target | Start;
