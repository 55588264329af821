import type { LintFinding } from './model.ts';
import type { Lines } from './text.ts';

export interface LintReport {
  findings: LintFinding[];
  /** The texts of the files that have findings, by path. */
  texts: Map<string, Lines>;
  files: number;
  calls: number;
  /** What has nothing to lint: binary, minified, too large. */
  skipped: { path: string; why: string }[];
  /** What could not be read, as a whole or in part. */
  unread: { path: string; why: string }[];
}

export function accumulate(): LintReport {
  return { findings: [], texts: new Map(), files: 0, calls: 0, skipped: [], unread: [] };
}
