import { columnsOf, wrapped } from './wrap.ts';

const NARROWEST = 8;
const AROUND = 3;

/** Shrinks the widest column first. @param width of the table with borders */
export function fitted(rows: readonly (readonly string[])[], width: number): string[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(0, ...rows.flatMap((row) => (row[at] ?? '').split('\n').map(columnsOf))),
  );
  const room = width - AROUND * count - 1;
  for (let over = widths.reduce((sum, one) => sum + one, 0) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return rows.map((row) => row.map((cell, at) => inColumn(cell, widths[at] ?? NARROWEST)));
}

/** Breaks between words; splits long words after a slash or at the width. */
export function inColumn(cell: string, width: number): string {
  return wrapped(cell, width)
    .split('\n')
    .flatMap((line) => pieces(line, width))
    .join('\n');
}

function pieces(line: string, width: number): string[] {
  if (columnsOf(line) <= width) return [line];
  const cut = line.lastIndexOf('/', width - 1) + 1;
  const at = cut > width / 3 ? cut : width;
  return [line.slice(0, at), ...pieces(line.slice(at), width)];
}
