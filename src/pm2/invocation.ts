import type { CommandLine } from './command-line.ts';

/** The PM2 majors whose grammar is known. */
export type Major = 5 | 6 | 7;

/** What a command acts on (docs/pm2-internals.md section 2.1). `pure`: nothing beyond the command line. */
export type Scope = 'app' | 'daemon' | 'host' | 'modules' | 'config' | 'deploy' | 'keymetrics' | 'pure';

/** A word that selects processes (docs/pm2-internals.md section 2.2). `path`: resolved in the caller's cwd. */
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

interface Place {
  /** The index in argv of the word; null if no whole word names it, as for the default process file. */
  at: number | null;
}

/** An app that the call would start if no such process exists. A process file is a target, not a start. */
export interface Start extends Place {
  /** The word on the command line; null: the command needs none (`serve`, `create`). */
  word: string | null;
  /** The name PM2 would give it; null: unknown before the call (`create` asks). */
  name: string | null;
  /** From --namespace or the environment; null: PM2's `default`. */
  namespace: string | null;
  /** Absolute path; null if it is a shell command line or searched in PATH. */
  script: string | null;
  /** Absolute: --cwd, else the caller's. */
  cwd: string;
}

/** The options of `startup` and `unstartup`. */
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
  /** Canonical name (`dump` for `save`); null if PM2 runs no command (`pm2 -v`, an unknown command). */
  command: string | null;
  /** The command as typed; null: there is none. */
  typed: string | null;
  scope: Scope;
  targets: Target[];
  starts: Start[];
  /** `--only`, split as this command does; empty: no filter. */
  only: string[];
  startup: Startup | null;
  context: ParseContext;
}

/** The facts of the caller that decide what words mean. */
export interface ParseContext {
  major: Major;
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** Users and groups are names, or numbers as text; null: not given. */
export interface RunAs {
  user: string | null;
  group: string | null;
}

/** One app as a process file, a daemon or a dump describes it. */
export interface App {
  name: string;
  namespace: string | null;
  /** Absolute path of the script, if known. */
  script: string | null;
  /** Absolute working directory, if known. */
  cwd: string | null;
  /** The user and group of a process file (`user` or `uid`, and `gid`), by name or number. */
  runAs?: RunAs;
}
