import { escapeControls } from '../../terminal/escape.ts';
import type { LintFinding, Severity } from '../model.ts';

/** docs/contract.md section 10. `lines` has all lines of a finding about several calls. */
export function asJson(findings: readonly LintFinding[]): string {
  const listed = findings.map(({ code, trap, severity, file, line, column, call, why, fix, lines }) => ({
    code,
    trap,
    severity,
    file,
    line,
    column,
    call,
    why,
    fix,
    lines,
  }));
  return `${JSON.stringify({ schema: 1, findings: listed }, null, 2)}\n`;
}

const GCC: Record<Severity, string> = { wrong: 'error', risky: 'warning', note: 'note', unknown: 'note' };

/** `file:line:column: warning: text [PL001]`, which editors read. */
export function asGcc(findings: readonly LintFinding[]): string {
  return findings
    .map(
      ({ file, line, column, severity, why, code }) =>
        `${escapeControls(file)}:${line}:${column}: ${GCC[severity]}: ${escapeControls(why)} [${code}]\n`,
    )
    .join('');
}
