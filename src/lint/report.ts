import type { Finding } from './model.ts';

export interface LintReport {
  findings: Finding[];
  files: number;
  calls: number;
  /** What has nothing to lint: binary, minified, too large. */
  skipped: { path: string; why: string }[];
  /** What could not be read, as a whole or in part. */
  unread: { path: string; why: string }[];
}

export function accumulate(): LintReport {
  return { findings: [], files: 0, calls: 0, skipped: [], unread: [] };
}
