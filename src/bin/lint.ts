import { lintConfig } from '../lint/config.ts';
import { filesBelow } from '../lint/files.ts';
import { hostFiles } from '../lint/host-files.ts';
import { lint } from '../lint/lint.ts';
import { SEVERITIES, type Severity } from '../lint/model.ts';
import { asDiff } from '../lint/output/diff.ts';
import { asGcc, asJson } from '../lint/output/machines.ts';
import { forPeople, unreadLines } from '../lint/output/people.ts';
import { withoutRunnerCommands } from '../lint/output/runner-commands.ts';
import { asSarif } from '../lint/output/sarif.ts';
import type { LintReport } from '../lint/report.ts';
import type { Lines } from '../lint/text.ts';

export type Format = 'people' | 'json' | 'sarif' | 'gcc' | 'diff';

export interface LintRequest {
  paths: readonly string[];
  config: string | null;
  as: string | null;
  severity: Severity;
  format: Format;
  /** The files of this machine instead of paths. */
  host: boolean;
  colour: boolean;
  progress?: (files: number) => void;
}

export interface LintAnswer {
  text: string;
  /** 0 clean, 1 findings, 2 something could not be read. */
  exitStatus: 0 | 1 | 2;
  /** What was not read, for stderr: null where the text or the format has it. */
  unread: string | null;
}

/** `pm2-guard lint`, from paths to printed text. The bundle lint.cjs exports it. */
export async function runLint(request: LintRequest): Promise<LintAnswer> {
  const { paths, as, severity, format, colour, progress } = request;
  const config = lintConfig(request.config);
  const inputs = request.host ? hostFiles(config) : filesBelow(paths);
  const all = await lint({ inputs, policy: config?.policy ?? null, as, ...(progress ? { progress } : {}) });
  const least = SEVERITIES.indexOf(severity);
  const report = { ...all, findings: all.findings.filter((one) => SEVERITIES.indexOf(one.severity) <= least) };
  const isInText = format === 'people' || format === 'sarif';
  return {
    text: written(report, format, colour),
    exitStatus: statusOf(report),
    unread: isInText
      ? null
      : unreadLines(report)
          .map((line) => `pm2-guard: ${withoutRunnerCommands(line, false)}\n`)
          .join(''),
  };
}

/** A finding that cannot be decided is no error. */
function statusOf({ findings, unread }: LintReport): 0 | 1 | 2 {
  if (findings.some((one) => one.severity !== 'unknown')) return 1;
  return unread.length > 0 ? 2 : 0;
}

function written(report: LintReport, format: Format, colour: boolean): string {
  const linesOf = (file: string): Lines | null => report.texts.get(file) ?? null;
  switch (format) {
    case 'people':
      return withoutRunnerCommands(forPeople(report, linesOf, colour), false);
    case 'json':
      return withoutRunnerCommands(asJson(report.findings), true);
    case 'sarif':
      return withoutRunnerCommands(asSarif(report, linesOf), true);
    case 'gcc':
      return withoutRunnerCommands(asGcc(report.findings), false);
    case 'diff':
      return asDiff(report.findings, linesOf); // git apply compares each character
  }
}
