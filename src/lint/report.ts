import type { LintFinding } from './model.ts';
import type { Lines } from './text.ts';

export interface LintReport {
  findings: LintFinding[];
  /** The texts of the files with findings, by path. */
  texts: Map<string, Lines>;
  files: number;
  calls: number;
  /** Ignored files: binary, minified, too large. */
  skipped: { path: string; why: string }[];
  /** Files that were unreadable, wholly or in part. */
  unread: { path: string; why: string }[];
}

export function accumulate(): LintReport {
  return { findings: [], texts: new Map(), files: 0, calls: 0, skipped: [], unread: [] };
}
