/** What lint works with: a file's text, who would run a line of it, the pm2 calls in it, and the findings. */
import type { Fragment } from './text.ts';

/** The order is that of weight: what stands first is worst. */
export const SEVERITIES = ['wrong', 'risky', 'note', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Which user runs a line. `said` names what in the file says so: "sudo", "cron's user column". */
export type User =
  | { kind: 'known'; name: string; said: string }
  /** A variable that cannot be resolved from the file. */
  | { kind: 'variable'; text: string; said: string }
  /** The file names no user. */
  | { kind: 'unset' };

/** On which machine a line runs. A container and a throwaway CI runner have daemons of their own. */
export type World =
  | { kind: 'here' }
  | { kind: 'remote'; host: string }
  | { kind: 'variable host'; text: string }
  /** A CI runner that is kept between jobs, or that may be. */
  | { kind: 'kept runner'; name: string }
  | { kind: 'container' }
  | { kind: 'throwaway runner' };

/** A trap that lies in the form of a line, in whatever way its call is judged. */
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

/**
 * One variable of the environment as it reaches a call. `value` null: it is set, to something the file does not tell.
 */
export interface Setting {
  value: string | null;
  /** Written on the very command line. */
  inline: boolean;
}

export interface Context {
  user: User;
  world: World;
  /** PM2_HOME and HOME as they reach pm2; null: not set by the file, so the user's own. */
  pm2Home: Setting | null;
  home: Setting | null;
  /** Absolute; null where the file does not tell. */
  cwd: string | null;
  forms: readonly Form[];
}

/**
 * One word of a call. `certain` false: it holds something that is known only when it runs, and `text` shows that as
 * typed.
 */
export interface CallWord {
  text: string;
  certain: boolean;
}

/** How pm2 is reached. */
export type Reached = 'pm2' | 'path' | 'npx' | 'local' | 'module';

export interface LintCall extends Context {
  /** Offsets in the file: of the command as a whole, with sudo and its like, and of the word that stands for pm2. */
  start: number;
  end: number;
  pm2At: number;
  /** The word itself, such as `/usr/bin/pm2`. */
  pm2: string;
  reached: Reached;
  /** The words after it. */
  words: readonly CallWord[];
  /** What makes its failure invisible: `|| true`, `2>/dev/null`. */
  hidden: string | null;
  /** Calls that are looked at, or have failed, before this one is reached. */
  onlyAfter: readonly LintCall[];
  /** A `pm2 delete` of the same file that came before on the way here. */
  deleted: readonly LintCall[];
  /** Its answer is asked: it stands in a condition, a substitution, or before a pipe. */
  asked: boolean;
  /** The script of package.json that it is. */
  script?: string;
}

/** Text that a reader found to be code, or a fact beside the calls. */
export interface Remark {
  kind: 'second pm2' | 'npm run' | 'expands here' | 'requires pm2' | 'runs file' | 'no login';
  start: number;
  end: number;
  /** The script of `npm run`, or the path of the file. */
  about: string;
  context: Context;
}

/** What the readers make of a file. */
export interface Reading {
  calls: LintCall[];
  remarks: Remark[];
  /** Why a part of the file could not be read; empty: all of it was. */
  unread: string[];
}

/** A file as lint reads it. */
export interface SourceFile {
  /** Relative to where lint was called, as it is shown. */
  path: string;
  text: string;
  whole: Fragment;
  /** Of a unit file or a drop-in: all files of that unit, in the order in which systemd reads them, with this one. */
  unit?: readonly UnitPart[];
}

/** One file of a systemd unit. */
export interface UnitPart {
  path: string;
  text: string;
}

/** A change of the text: what stands between two offsets becomes `text`. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

export interface LintFinding {
  code: string;
  trap: string;
  severity: Severity;
  file: string;
  /** From 1; columns count UTF-16 units. */
  line: number;
  column: number;
  endColumn: number;
  /** The command line as it stands there. */
  call: string;
  why: string;
  /** The corrected line, or null where none is certain. */
  fix: string | null;
  /** For a patch; empty where the fix is for people to decide. */
  edits: readonly Edit[];
  /** Further lines of which the same is said. */
  lines: readonly number[];
}
