import { corrected } from './fix.ts';
import { isIgnored } from './ignore.ts';
import { SEVERITIES, type LintFinding } from './model.ts';
import type { RuleFinding, LintRule, Scene } from './rules/rule.ts';
import { rules } from './rules/rules.ts';

/** The findings of all rules, sorted by file, line and code. Each code occurs once per position. */
export function findingsOf(scenes: readonly Scene[]): LintFinding[] {
  return scenes.flatMap((scene) => {
    const found = rules.flatMap((rule) => rule.check(scene, scenes).map((one) => findingOf(one, rule, scene)));
    const kept = new Map<string, LintFinding>();
    for (const one of found) {
      const key = `${one.line}:${one.column}:${one.code}`;
      const other = kept.get(key);
      if (!other || SEVERITIES.indexOf(one.severity) < SEVERITIES.indexOf(other.severity)) kept.set(key, one);
    }
    return [...kept.values()]
      .filter((one) => !isIgnored(one, scene.lines))
      .sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1));
  });
}

function findingOf(
  { at, severity, why, edits = [], instead, also = [] }: RuleFinding,
  { code, trap }: LintRule,
  { source, lines }: Scene,
): LintFinding {
  // Of a command over several lines, the line with pm2 is reported.
  const [begin, named] = [lines.place(at.start), lines.place(at.pm2At ?? at.start)];
  const { line, column } = begin.line === named.line ? begin : named;
  const text = lines.line(line);
  const end = lines.place(at.end);
  const endColumn = end.line === line && at.end > at.start ? end.column : text.length + 1;
  const fix = corrected(edits, lines) ?? (instead === undefined || instead === '' ? null : instead);
  return {
    code,
    trap,
    severity,
    file: source.path,
    line,
    column,
    endColumn: Math.max(endColumn, column + 1),
    call: callText(source.text.slice(at.start, at.end)),
    why,
    fix,
    edits,
    lines: [...new Set([line, ...also.map(({ pm2At }) => lines.place(pm2At).line)])],
  };
}

function callText(text: string): string {
  const line = text.replace(/\s*\\?\n\s*/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}
