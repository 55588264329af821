import { escapeControls } from '../terminal/escape.ts';
import type { Change, Outcome } from '../install/ledger.ts';

const TENSE: Record<Outcome, [past: string, dry: string]> = {
  created: ['created', 'would create'],
  updated: ['updated', 'would update'],
  removed: ['removed', 'would remove'],
  unchanged: ['unchanged', 'unchanged'],
  kept: ['left', 'left'],
  refused: ['NOT DONE', 'NOT DONE'],
};

/** What install or uninstall did, a line each; all that was right already is one line. */
export function changeLines(changes: readonly Change[], dry: boolean): string[] {
  const column = dry ? 14 : 11;
  const lines = changes.filter(({ outcome }) => outcome !== 'unchanged')
    .map(({ path, outcome, note }) => `  ${TENSE[outcome][dry ? 1 : 0].padEnd(column)}${escapeControls(path)}${note === null ? '' : `  (${escapeControls(note)})`}`);
  const unchanged = changes.length - lines.length;
  return unchanged > 0 ? [...lines, `  ${'unchanged'.padEnd(column)}${unchanged} files, links and directories`] : lines;
}

/** Problems, after a blank line; their own lines are escaped where they were made. */
export function problemLines(problems: readonly string[]): string[] {
  return problems.length === 0 ? [] : ['', ...problems.map((problem) => `problem: ${problem}`)];
}
