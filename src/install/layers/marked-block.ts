import { OURS } from '../places.ts';

const BEGIN = `# ${OURS}: these lines are its own and go with pm2-guard uninstall`;
const END = `# ${OURS}: end`;
/** What else it took to put them there. */
const FILE_TOO = ' (the file, too)';
const LINE_END_TOO = ' (the line end before, too)';

/**
 * Lines of ours in a file of somebody else's.
 *
 * @param text what is there; null: no such file
 * @param lines ours, without line ends
 * @param at where they go if they are not there yet; once there they stay where they are
 */
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

/** The same text as if the lines had never been there; null: nor the file. */
export function withoutBlock(text: string): string | null {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => line.startsWith(BEGIN));
  if (begin < 0) return text;
  const end = lines.indexOf(END, begin);
  // Where somebody has deleted the end, only the first line is surely ours.
  const after = lines.slice((end < 0 ? begin : end) + 1).join('\n');
  const before = lines.slice(0, begin).join('\n');
  const note = lines[begin]?.slice(BEGIN.length);
  if (note === FILE_TOO && before + after === '') return null;
  return before + (begin === 0 || (note === LINE_END_TOO && after === '') ? '' : '\n') + after;
}

function block(lines: readonly string[], note: string): string {
  return `${BEGIN}${note}\n${lines.map((line) => `${line}\n`).join('')}${END}\n`;
}
