import type { Location, Log, Region, Result } from 'sarif';
import { VERSION } from '../../policy/version.ts';
import type { LintFinding, Severity } from '../model.ts';
import type { LintReport } from '../report.ts';
import type { RulePage } from '../rules/rule.ts';
import { rules } from '../rules/rules.ts';
import type { Lines } from '../text.ts';

const LEVELS: Record<Severity, 'error' | 'warning' | 'note' | 'none'> = {
  wrong: 'error',
  risky: 'warning',
  note: 'note',
  unknown: 'none',
};

/** SARIF 2.1.0, for code scanning. An undecided finding has the kind `open`, which has no level. */
export function asSarif({ findings, unread }: LintReport, linesOf: (file: string) => Lines | null): string {
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pm2-guard lint',
            version: VERSION,
            semanticVersion: VERSION,
            rules: rules.map(({ code, trap, severity, page }) => ({
              id: code,
              name: page.title
                .replace(/[^A-Za-z]+(\w)/g, (_, letter: string) => letter.toUpperCase())
                .replace(/\W/g, ''),
              shortDescription: { text: page.title },
              fullDescription: { text: page.why },
              help: { text: helpOf(page) },
              defaultConfiguration: { level: LEVELS[severity] },
              properties: { tags: [trap] },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: unread.map(({ path, why }) => ({
              level: 'warning',
              message: { text: `${path}: ${why}` },
            })),
          },
        ],
        results: findings.map((finding) => resultOf(finding, linesOf(finding.file))),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function helpOf({ problematic, correct, exceptions }: RulePage): string {
  return `Problematic:\n${problematic}\n\nCorrect:\n${correct}\n\nExceptions: ${exceptions}`;
}

function resultOf(finding: LintFinding, lines: Lines | null): Result {
  const { code, severity, file, line, column, endColumn, why, fix, edits } = finding;
  const artifactLocation = { uri: uriOf(file) };
  const location = (startLine: number): Location => ({ physicalLocation: { artifactLocation, region: { startLine } } });
  const others = finding.lines.filter((one) => one !== line);
  return {
    ruleId: code,
    ruleIndex: rules.findIndex((rule) => rule.code === code),
    kind: severity === 'unknown' ? 'open' : 'fail',
    level: LEVELS[severity],
    message: { text: why },
    locations: [
      {
        physicalLocation: {
          artifactLocation,
          region: { startLine: line, startColumn: column, endLine: line, endColumn },
        },
      },
    ],
    ...(others.length > 0 ? { relatedLocations: others.map(location) } : {}),
    ...(edits.length > 0 && lines !== null
      ? {
          fixes: [
            {
              description: { text: fix ?? why },
              artifactChanges: [
                {
                  artifactLocation,
                  replacements: edits.map(({ start, end, text }) => ({
                    deletedRegion: regionOf(start, end, lines),
                    insertedContent: { text },
                  })),
                },
              ],
            },
          ],
        }
      : {}),
  };
}

function regionOf(start: number, end: number, lines: Lines): Region {
  const [from, to] = [lines.place(start), lines.place(end)];
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column };
}

/** Relative paths as URI references, absolute ones as file URIs. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded;
}
