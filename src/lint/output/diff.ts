import type { Edit, LintFinding } from '../model.ts';
import type { Lines } from '../text.ts';

const CONTEXT = 3;

/** The fixes as a patch for `git apply`. Of two overlapping fixes the first is used. */
export function asDiff(findings: readonly LintFinding[], linesOf: (file: string) => Lines | null): string {
  return [...new Set(findings.map(({ file }) => file))]
    .map((file) => {
      const lines = linesOf(file);
      const edits = apart(findings.filter((one) => one.file === file).flatMap((one) => [...one.edits]));
      return lines === null || edits.length === 0 ? '' : patchOf(file, lines, edits);
    })
    .join('');
}

function apart(edits: readonly Edit[]): Edit[] {
  const taken: Edit[] = [];
  for (const edit of edits) {
    const clash = taken.some(
      (other) => (edit.start < other.end && other.start < edit.end) || edit.start === other.start,
    );
    if (!clash) taken.push(edit);
  }
  return taken.sort((a, b) => a.start - b.start);
}

interface Change {
  line: number;
  text: string;
}

function changesOf(lines: Lines, edits: readonly Edit[]): Change[] {
  const byLine = new Map<number, Edit[]>();
  for (const edit of edits) {
    const { line } = lines.place(edit.start);
    if (lines.place(edit.end).line === line && !edit.text.includes('\n'))
      byLine.set(line, [...(byLine.get(line) ?? []), edit]);
  }
  return [...byLine]
    .sort(([a], [b]) => a - b)
    .map(([line, own]) => {
      const start = lines.start(line);
      let text = rawLine(lines, line);
      for (const edit of [...own].reverse())
        text = text.slice(0, edit.start - start) + edit.text + text.slice(edit.end - start);
      return { line, text };
    });
}

/** With its carriage return, if any, because a patch must match it. */
function rawLine(lines: Lines, line: number): string {
  return lines.text.slice(lines.start(line), line < lines.count ? lines.start(line + 1) - 1 : lines.text.length);
}

function patchOf(file: string, lines: Lines, edits: readonly Edit[]): string {
  const changes = changesOf(lines, edits);
  const last = lines.text.endsWith('\n') ? lines.count - 1 : lines.count;
  const hunks: Change[][] = [];
  for (const change of changes) {
    const open = hunks.at(-1);
    if (open && change.line - (open.at(-1)?.line ?? 0) <= 2 * CONTEXT) open.push(change);
    else hunks.push([change]);
  }
  const name = file.replace(/^\//, '');
  const out = [`--- a/${name}`, `+++ b/${name}`];
  for (const hunk of hunks) {
    const from = Math.max(1, (hunk[0]?.line ?? 1) - CONTEXT);
    const to = Math.min(last, (hunk.at(-1)?.line ?? 1) + CONTEXT);
    out.push(`@@ -${from},${to - from + 1} +${from},${to - from + 1} @@`);
    for (let line = from; line <= to; line++) {
      const change = hunk.find((one) => one.line === line);
      const text = rawLine(lines, line);
      const end = line === last && !lines.text.endsWith('\n') ? '\n\\ No newline at end of file' : '';
      out.push(...(change ? [`-${text}${end}`, `+${change.text}${end}`] : [` ${text}${end}`]));
    }
  }
  return `${out.join('\n')}\n`;
}
