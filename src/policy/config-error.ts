import { escapeControls } from '../terminal/escape.ts';

export interface ConfigError {
  /** `untrusted`: a user other than root could have written the file. `broken`: the content is wrong. */
  kind: 'missing' | 'untrusted' | 'broken';
  file: string;
  /** From 1. Null: the error is about the whole file. */
  line: number | null;
  /** From 1, in UTF-16 units. */
  column: number | null;
  source: string | null;
  message: string;
  expected: string | null;
}

const WIDTH = 100;

export function fileError(
  kind: ConfigError['kind'],
  file: string,
  message: string,
  expected: string | null = null,
): ConfigError {
  return { kind, file, line: null, column: null, source: null, message, expected };
}

/** Formats an error as compilers do: the place, the line with a caret, what was expected. Escaped for printing. */
export function formatConfigError(error: ConfigError): string {
  const place = error.line === null ? error.file : `${error.file}:${error.line}:${error.column ?? 1}`;
  const lines = [`${escapeControls(place)}: ${escapeControls(error.message)}`];
  if (error.source !== null && error.source.trim() !== '') lines.push(...excerpt(error.source, error.column ?? 1));
  if (error.expected !== null) lines.push(`  expected ${escapeControls(error.expected)}`);
  return lines.join('\n');
}

/** Cuts a long line around the column and puts a caret below. */
function excerpt(source: string, column: number): [string, string] {
  const start = Math.max(0, column - 1 - WIDTH / 2);
  const before = shown(source.slice(start, column - 1));
  const after = shown(source.slice(column - 1, start + WIDTH));
  const cut = start > 0 ? '...' : '';
  return [
    `  ${cut}${before}${after}${source.length > start + WIDTH ? '...' : ''}`,
    `  ${' '.repeat(cut.length + before.length)}^`,
  ];
}

function shown(text: string): string {
  return escapeControls(text.replace(/\t/g, ' '));
}
