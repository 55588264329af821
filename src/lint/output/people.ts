import pico from 'picocolors';
import { escapeControls } from '../../terminal/escape.ts';
import { SEVERITIES, type LintFinding, type Severity } from '../model.ts';
import type { LintReport } from '../report.ts';
import type { Lines } from '../text.ts';

/** Longer lines are cut around the position of the finding. */
const WIDTH = 160;

/** Position, line, caret, reason, corrected line. Findings of one rule with one reason are shown once. */
export function forPeople(report: LintReport, linesOf: (file: string) => Lines | null, colour: boolean): string {
  const colours = pico.createColors(colour);
  const paint: Record<Severity, (text: string) => string> = {
    wrong: colours.red,
    risky: colours.yellow,
    note: colours.cyan,
    unknown: colours.dim,
  };
  const blocks = folded(report.findings).map(([first, others]) => {
    const place = `${first.file}:${first.line}:${first.column}`;
    const said = `${escapeControls(first.why)} (${first.code}, ${first.trap})`;
    const lines = [`${colours.bold(escapeControls(place))}: ${paint[first.severity](first.severity)}: ${said}`];
    const text = linesOf(first.file)?.line(first.line);
    if (text !== undefined) lines.push(...underlined(text, first));
    const also = [...new Set([...first.lines, ...others.map(({ line }) => line)])].filter(
      (line) => line !== first.line,
    );
    if (also.length > 0) lines.push(`  also in line ${also.join(', ')}`);
    if (first.fix !== null) lines.push(`  fix:  ${escapeControls(first.fix).replace(/\\x0a/g, '\n        ')}`);
    return lines.join('\n');
  });
  return [...blocks, summary(report)].map((block) => `${block}\n`).join('\n');
}

/** The findings of one rule with one reason in one file, ordered by the first of them. */
function folded(findings: readonly LintFinding[]): [LintFinding, LintFinding[]][] {
  const groups = new Map<string, [LintFinding, LintFinding[]]>();
  for (const one of findings) {
    // Each correction is shown, because each line differs.
    const key =
      one.edits.length > 0
        ? `${one.file}:${one.line}:${one.column}:${one.code}`
        : [one.file, one.code, one.severity, one.why].join('\n');
    const group = groups.get(key);
    if (group) group[1].push(one);
    else groups.set(key, [one, []]);
  }
  return [...groups.values()];
}

function underlined(text: string, { column, endColumn }: LintFinding): string[] {
  const start = column - 1 > WIDTH / 2 && text.length > WIDTH ? column - 1 - 20 : 0;
  const shown = text.slice(start, start + WIDTH).replace(/\t/g, ' ');
  const width = Math.max(1, Math.min(endColumn, start + WIDTH + 1) - column);
  return [`  ${escapeControls(shown)}`, `  ${' '.repeat(column - 1 - start)}${'^'.repeat(width)}`];
}

function summary({ findings, files, calls, skipped, unread }: LintReport): string {
  const counts = SEVERITIES.map(
    (severity) => [findings.filter((one) => one.severity === severity).length, severity] as const,
  )
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}`);
  const lines = unreadLines({ unread });
  const left = skipped.length > 0 ? `, ${skipped.length} skipped (binary, minified or too large)` : '';
  const looked = `${plural(calls, 'call')} of pm2 in ${plural(files, 'file')}${left}`;
  lines.push(`${counts.length > 0 ? counts.join(', ') : 'nothing found'}: ${looked}`);
  return lines.join('\n');
}

/** A line for each file that was not read, or only in part. */
export function unreadLines({ unread }: Pick<LintReport, 'unread'>): string[] {
  return unread.map(({ path, why }) => `not read: ${escapeControls(path)}: ${why}`);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
