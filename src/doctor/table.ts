import Table from 'cli-table3';
import pico from 'picocolors';
import { escapeControls } from '../terminal/escape.ts';
import type { DaemonRow } from './picture.ts';
import type { Paint } from './plain.ts';

const HEAD = ['app', 'runs as', 'pid', 'port', 'state', 'place'];

/** The picture as a table, for terminals. */
export function pictureTable(rows: readonly DaemonRow[], colour: boolean): string {
  const { bold, red, dim } = pico.createColors(colour);
  const table = new Table({ head: HEAD.map(dim), style: { head: [], border: [], compact: true } });
  for (const { title, details, stray, apps, empty } of rows) {
    table.push([{ colSpan: HEAD.length, content: `${(stray ? red : bold)(escapeControls(title))}\n${dim(escapeControls(details.join(', ')))}` }]);
    for (const app of apps) {
      const paint = app.stray ? red : (text: string) => text;
      table.push([app.name, app.user, app.pid, app.ports, app.state, app.place].map((cell) => paint(escapeControls(cell))));
    }
    if (empty) table.push([{ colSpan: HEAD.length, content: dim('no apps') }]);
  }
  return table.toString();
}

/** Colours for findings. */
export function paintFor(colour: boolean): Paint {
  const { bold, red, yellow, cyan, dim } = pico.createColors(colour);
  const colours = { urgent: red, wrong: yellow, untidy: cyan };
  return { urgency: (text, urgency) => bold(colours[urgency](text)), command: bold, faint: dim };
}
