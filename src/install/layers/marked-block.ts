import { OURS } from '../places.ts';

const BEGIN = `# ${OURS}: these lines are its own and go with pm2-guard uninstall`;
const END = `# ${OURS}: end`;
const FILE_TOO = ' (the file, too)';
const LINE_END_TOO = ' (the line end before, too)';

/** `text` null: no such file. `at`: position of new lines; existing ones stay in place. */
export function withBlock(text: string | null, lines: readonly string[], at: 'start' | 'end'): string {
  if (text === null) return block(lines, FILE_TOO);
  if ([FILE_TOO, LINE_END_TOO, ''].some((note) => text.includes(block(lines, note)))) return text;
  const rest = withoutBlock(text);
  if (rest === null) return block(lines, FILE_TOO);
  if (at === 'start') return block(lines, '') + rest;
  return rest === '' || rest.endsWith('\n') ? rest + block(lines, '') : `${rest}\n${block(lines, LINE_END_TOO)}`;
}

export function hasBlock(text: string): boolean {
  return text.startsWith(BEGIN) || text.includes(`\n${BEGIN}`);
}

/** Null: the file itself was ours. */
export function withoutBlock(text: string): string | null {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(BEGIN));
  if (begin < 0) return text;
  const end = lines.indexOf(END, begin);
  // If the end marker was deleted, only the first line is certainly ours.
  const after = lines.slice((end < 0 ? begin : end) + 1).join('\n');
  const before = lines.slice(0, begin).join('\n');
  const note = lines[begin]?.slice(BEGIN.length);
  if (note === FILE_TOO && before + after === '') return null;
  return before + (begin === 0 || (note === LINE_END_TOO && after === '') ? '' : '\n') + after;
}

function block(lines: readonly string[], note: string): string {
  return `${BEGIN}${note}\n${lines.map((line) => `${line}\n`).join('')}${END}\n`;
}
