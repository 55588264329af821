import { escapeControls } from '../terminal/escape.ts';
import type { FileChange, ChangeOutcome } from '../install/ledger.ts';
import { inTurn } from '../install/turn.ts';

const TENSE: Record<ChangeOutcome, [past: string, dry: string]> = {
  created: ['created', 'would create'],
  updated: ['updated', 'would update'],
  removed: ['removed', 'would remove'],
  unchanged: ['unchanged', 'unchanged'],
  kept: ['left', 'left'],
  refused: ['NOT DONE', 'NOT DONE'],
};

const COLUMN = [11, 14] as const;

/** All changes in one line; skipped and failed ones in a line each. */
export function foldedLines(changes: readonly FileChange[]): string[] {
  const told = changes.filter(({ outcome }) => outcome === 'kept' || outcome === 'refused');
  const counts = (['created', 'updated', 'removed', 'unchanged'] as const)
    .map((outcome) => [changes.filter((change) => change.outcome === outcome).length, outcome] as const)
    .filter(([count]) => count > 0)
    .map(([count, outcome]) => `${count} ${outcome}`);
  return [
    `  files      ${counts.join(', ')}  (--verbose names them)`,
    ...told.map(({ path, outcome, note }) => lineOf({ path, outcome, note }, 0)),
  ];
}

/** Results of install or uninstall, a line each; all unchanged items are one line. */
export function changeLines(changes: readonly FileChange[], dry: boolean): string[] {
  const tense = dry ? 1 : 0;
  const lines = changes.filter(({ outcome }) => outcome !== 'unchanged').map((change) => lineOf(change, tense));
  const unchanged = changes.length - lines.length;
  if (unchanged === 0) return lines;
  return [...lines, `  ${'unchanged'.padEnd(COLUMN[tense])}${unchanged} files, links and directories`];
}

function lineOf({ path, outcome, note }: FileChange, tense: 0 | 1): string {
  const words = `  ${TENSE[outcome][tense].padEnd(COLUMN[tense])}${escapeControls(path)}`;
  return note === null ? words : `${words}  (${escapeControls(note)})`;
}

/** Problems, after a blank line. Their lines are escaped already. */
export function problemLines(problems: readonly string[]): string[] {
  return problems.length === 0 ? [] : ['', ...problems.map((problem) => `problem: ${problem}`)];
}

/**
 * Takes the lock for changes to an installation, and for work that needs it unchanged to the end. A dry run needs no
 * lock.
 */
export async function exclusively<Result>(dry: boolean, work: () => Result | Promise<Result>): Promise<Result> {
  if (dry) return await work();
  return inTurn(work, (pid) => {
    process.stderr.write(`pm2-guard: pid ${pid} of pm2-guard is making changes: waiting for it\n`);
  });
}
