import { escapeControls } from '../terminal/escape.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { DoctorFinding } from './finding.ts';
import type { AppRow, DaemonRow } from './picture.ts';

/** For pipes and logs: per daemon one line, its details, then one line per app. */
export function pictureLines(rows: readonly DaemonRow[]): string[] {
  const cells = (app: AppRow) => [
    app.name,
    app.user,
    app.pid === '-' ? '-' : `pid ${app.pid}`,
    app.ports === '-' ? 'no port' : `port ${app.ports}`,
    app.state,
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...rows.flatMap(({ apps }) => apps.map((app) => escapeControls(cells(app)[column] ?? '').length))),
  );
  return rows.flatMap(({ title, details, apps, empty }) => [
    escapeControls(title),
    `  ${escapeControls(details.join(', '))}`,
    ...apps.map((app) => {
      const padded = cells(app).map((cell, column) => escapeControls(cell).padEnd(widths[column] ?? 0));
      return `  - ${[...padded, escapeControls(app.place)].join('  ').trimEnd()}`;
    }),
    ...(empty ? ['  - no apps'] : []),
  ]);
}

export interface Paint {
  urgency(text: string, urgency: DoctorFinding['urgency']): string;
  command(text: string): string;
  faint(text: string): string;
}

export const NO_PAINT: Paint = { urgency: (text) => text, command: (text) => text, faint: (text) => text };

export function findingLines(
  { code, urgency, what, evidence, why, repair, trap }: DoctorFinding,
  paint: Paint = NO_PAINT,
): string[] {
  return [
    `${paint.urgency(`${code} ${urgency}`, urgency)}  ` +
      `${escapeControls(what)}${trap === null ? '' : paint.faint(` (${trap})`)}`,
    ...evidence.map((line, at) => `  ${at === 0 ? 'seen' : '    '}  ${escapeControls(line)}`),
    `  why   ${escapeControls(why)}`,
    ...repair.map(
      (words, at) => `  ${at === 0 ? 'run:' : 'then'}  ${paint.command(escapeControls(quoteCommand(words)))}`,
    ),
    ...(repair.length === 0 ? [`  more  pm2-guard explain ${code}`] : []),
  ];
}
