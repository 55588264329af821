import { declaredByDraft } from '../host/draft/draft-choice.ts';
import type { HostFacts } from '../host/facts.ts';
import { foundIn } from '../host/installations/found.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { escapeControls } from '../terminal/escape.ts';
import { conclusion, picture } from './picture.ts';
import { findingLines, NO_PAINT, pictureLines } from './plain.ts';
import type { Report } from './report.ts';
import { paintFor, pictureTable } from './table.ts';
import { listed } from './words.ts';

/** Escaped. An element may hold several lines. `width`: columns of the terminal; null: not a terminal. */
export function reportText(
  report: Report,
  facts: HostFacts,
  { width, colour }: { width: number | null; colour: boolean },
): string[] {
  const rows = picture(report);
  const paint = colour ? paintFor(true) : NO_PAINT;
  return [
    ...(rows.length === 0
      ? ['no PM2 daemon runs on this host']
      : width === null
        ? pictureLines(rows)
        : [pictureTable(rows, colour, width)]),
    ...report.findings.flatMap((finding) => ['', ...findingLines(finding, paint)]),
    ...(facts.policy === null ? ['', ...withoutConfig(facts)] : []),
    '',
    conclusion(report),
  ];
}

function withoutConfig(facts: HostFacts): string[] {
  const entries = declaredByDraft(foundIn(facts));
  return [
    'There is no config that can be used, so that it cannot be told which daemon an app belongs to.',
    ...(facts.policyProblem ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `  ${line}`),
    `  ${rootCommandLine('init')}  would declare:`,
    ...entries.map(({ name, user, pm2Home, apps }) => {
      const withApps = apps.length > 0 ? `, with ${listed(apps.map((app) => app.name))}` : '';
      return `    ${escapeControls(`${name}: ${user} in ${pm2Home}${withApps}`)}`;
    }),
  ];
}
