import type { CommandLine } from './command-line.ts';

/** What one pm2 command line asks for, in PM2's own terms. Filled by `interpret` (interpret.ts). */

/** The PM2 majors whose grammar we know. */
export type Major = 5 | 6 | 7;

/**
 * What a command is about (docs/pm2-internals.md section 2.1): apps, the whole daemon, the host's boot units, PM2's
 * modules, its configuration store, a remote deployment, keymetrics, or nothing but the command line itself.
 */
export type Scope = 'app' | 'daemon' | 'host' | 'modules' | 'config' | 'deploy' | 'keymetrics' | 'pure';

/**
 * One word by which a command picks processes (docs/pm2-internals.md section 2.2). `path` is the word resolved in the
 * caller's cwd.
 */
export type Target = Place &
  (
    | { kind: 'all'; word: string }
    | { kind: 'regex'; word: string }
    /** Numeric to PM2 (`!isNaN`): tried as a name, then a namespace, then a pm_id. */
    | { kind: 'id'; word: string }
    /** A name, a namespace, or the path of a running script. */
    | { kind: 'name'; word: string; path: string }
    /** A process file: the word contains .json, .yml, .yaml, .config.js, .config.cjs or .config.mjs. */
    | { kind: 'file'; word: string; path: string }
    /** `-`: the process file is on standard input. */
    | { kind: 'stdin'; word: string }
  );

/** Where a thing stands on the command line. */
interface Place {
  /** The index in argv of the word that names it; null where no whole word does, as for the default process file. */
  at: number | null;
}

/** One app that the call would start if no such process is known yet. */
export interface Start extends Place {
  /** The word on the command line; null: the command needs none (`serve`, `create`). */
  word: string | null;
  /**
   * The name PM2 would give it; null where nobody knows before (`create` asks). A process file is a target, not a
   * start.
   */
  name: string | null;
  /** From --namespace or the environment; null: PM2's `default`. */
  namespace: string | null;
  /** Absolute path of the script; null where it is a command line or found through PATH. */
  script: string | null;
  /** Absolute: --cwd, else the caller's. */
  cwd: string;
}

/** What `startup` and `unstartup` were told. */
export interface Startup {
  user: string | null;
  hp: string | null;
  platform: string | null;
}

export interface Invocation {
  /** The words after `pm2`, as typed. */
  argv: readonly string[];
  /** The same words as PM2 reads them. */
  line: CommandLine;
  /**
   * Canonical command name (`dump` for `save`, `delete` for `del`); null where PM2 reaches no command (`pm2 -v`, an
   * unknown command).
   */
  command: string | null;
  /** The command as typed; null where there is none. */
  typed: string | null;
  scope: Scope;
  targets: Target[];
  starts: Start[];
  /** `--only`, as the command at hand splits it; empty: no filter. */
  only: string[];
  /** For `startup` and `unstartup`. */
  startup: Startup | null;
  /** What the words were read with. */
  context: ParseContext;
}

/** What a word means depends on who types it where. */
export interface ParseContext {
  major: Major;
  env: NodeJS.ProcessEnv;
  /** Absolute. */
  cwd: string;
}

/** Users and groups are names, or numbers as text; null: not said. */
export interface RunAs {
  user: string | null;
  group: string | null;
}

/** One app as a process file, a daemon or a dump describes it. */
export interface App {
  name: string;
  namespace: string | null;
  /** Absolute path of the script, where known. */
  script: string | null;
  /** Absolute working directory, where known. */
  cwd: string | null;
  /** Whom a process file says it runs as (`user` or `uid`, and `gid`), by name or number. */
  runAs?: RunAs;
}
