/** Lint's data model: files, users, pm2 calls and findings. */
import type { Fragment } from './text.ts';

/** From worst to least. */
export const SEVERITIES = ['wrong', 'risky', 'note', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The user that runs a line. `said` is the evidence in the file: "sudo", "cron's user column". */
export type User =
  | { kind: 'known'; name: string; said: string }
  /** A variable that cannot be resolved from the file. */
  | { kind: 'variable'; text: string; said: string }
  /** The file names no user. */
  | { kind: 'unset' };

/** The machine that runs a line. A container and a throwaway CI runner have daemons of their own. */
export type World =
  | { kind: 'here' }
  | { kind: 'remote'; host: string }
  | { kind: 'variable host'; text: string }
  /** A CI runner that is, or may be, kept between jobs. */
  | { kind: 'kept runner'; name: string }
  | { kind: 'container' }
  | { kind: 'throwaway runner' };

/** A risky form of a line, whatever the verdict on its call. */
export type Form =
  | 'sudo'
  | 'doas'
  | 'su'
  | 'runuser'
  | 'run0'
  | 'pkexec'
  | 'login shell'
  | 'kept environment'
  | 'kept HOME'
  | 'ssh'
  | 'cron'
  | 'reboot'
  | 'unit'
  | 'here-document'
  | 'root check'
  | 'package script'
  | 'nested';

/** An environment variable of a call. `value` null: set to an unknown value. */
export interface Setting {
  value: string | null;
  /** Set on the command line itself. */
  inline: boolean;
}

export interface Context {
  user: User;
  world: World;
  /** PM2_HOME and HOME of the call; null: the file does not set them, so they are the user's own. */
  pm2Home: Setting | null;
  homeDirectory: Setting | null;
  /** Absolute; null: unknown. */
  cwd: string | null;
  forms: readonly Form[];
}

/** One word of a call. `certain` false: part of it is known only at run time, and `text` has that part as typed. */
export interface CallWord {
  text: string;
  certain: boolean;
}

export type Reached = 'pm2' | 'path' | 'npx' | 'local' | 'module';

export interface LintCall extends Context {
  /** Offsets in the file: of the whole command with sudo and the like, and of the word for pm2. */
  start: number;
  end: number;
  pm2At: number;
  /** The word itself, such as `/usr/bin/pm2`. */
  pm2: string;
  reached: Reached;
  words: readonly CallWord[];
  /** The text that hides its failure: `|| true`, `2>/dev/null`. */
  hidden: string | null;
  /** Calls that were checked, or failed, before this one. */
  onlyAfter: readonly LintCall[];
  /** Earlier `pm2 delete` calls of the same file. */
  deleted: readonly LintCall[];
  /** Its result is used: in a condition, a substitution, or before a pipe. */
  asked: boolean;
  /** Its script name in package.json. */
  script?: string;
}

/** A fact that a reader found besides the calls. */
export interface Remark {
  kind: 'second pm2' | 'npm run' | 'expands here' | 'requires pm2' | 'runs file' | 'no login';
  start: number;
  end: number;
  /** The script of `npm run`, or the path of the file. */
  about: string;
  context: Context;
}

export interface Reading {
  calls: LintCall[];
  remarks: Remark[];
  /** Why parts of the file could not be read; empty: all was read. */
  unread: string[];
}

export interface SourceFile {
  /** Relative to lint's working directory, as shown. */
  path: string;
  text: string;
  whole: Fragment;
  /** For a unit file or a drop-in: all files of that unit in systemd's order, this one included. */
  unit?: readonly UnitPart[];
}

export interface UnitPart {
  path: string;
  text: string;
}

/** Replaces the text between two offsets by `text`. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

export type LintCode = `PL${number}`;

export interface LintFinding {
  code: LintCode;
  trap: string;
  severity: Severity;
  file: string;
  /** From 1; columns count UTF-16 units. */
  line: number;
  column: number;
  endColumn: number;
  /** The command line as in the file. */
  call: string;
  why: string;
  /** The corrected line; null: no fix is certain. */
  fix: string | null;
  /** For a patch; empty if a person has to decide. */
  edits: readonly Edit[];
  /** Further lines with the same finding. */
  lines: readonly number[];
}
