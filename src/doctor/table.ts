import Table from 'cli-table3';
import pico from 'picocolors';
import { fitted, inColumn } from '../terminal/columns.ts';
import { escapeControls } from '../terminal/escape.ts';
import type { DaemonRow } from './picture.ts';
import type { Paint } from './plain.ts';

const HEAD = ['app', 'runs as', 'pid', 'port', 'state', 'place'];

/** @param width in columns */
export function pictureTable(rows: readonly DaemonRow[], colour: boolean, width: number): string {
  const { bold, red, dim } = pico.createColors(colour);
  const cellsOf = (app: DaemonRow['apps'][number]) =>
    [app.name, app.user, app.pid, app.ports, app.state, app.place].map(escapeControls);
  const [head = [], ...cells] = fitted([HEAD, ...rows.flatMap(({ apps }) => apps.map(cellsOf))], width);
  const table = new Table({ head: head.map(dim), style: { head: [], border: [], compact: true } });
  const across = (text: string): string => inColumn(escapeControls(text), width - 4);
  for (const { title, details, stray, apps, empty } of rows) {
    table.push([
      { colSpan: HEAD.length, content: `${(stray ? red : bold)(across(title))}\n${dim(across(details.join(', ')))}` },
    ]);
    for (const app of apps) table.push((cells.shift() ?? []).map(app.stray ? red : (text) => text));
    if (empty) table.push([{ colSpan: HEAD.length, content: dim('no apps') }]);
  }
  return table.toString();
}

export function paintFor(colour: boolean): Paint {
  const { bold, red, yellow, cyan, dim } = pico.createColors(colour);
  const colours = { urgent: red, wrong: yellow, untidy: cyan };
  return { urgency: (text, urgency) => bold(colours[urgency](text)), command: bold, faint: dim };
}
