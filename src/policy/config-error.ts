import { escapeControls } from '../terminal/escape.ts';

/** Why a config cannot be used, with the place a person has to look at. */
export interface ConfigError {
  /**
   * `missing`: there is none; `untrusted`: somebody other than root could have written it; `broken`: what it is or
   * says.
   */
  kind: 'missing' | 'untrusted' | 'broken';
  file: string;
  /** From 1; null where it is about the file as a whole. */
  line: number | null;
  /** From 1, in UTF-16 units; null as `line`. */
  column: number | null;
  /** The line as it stands in the file. */
  source: string | null;
  message: string;
  /** What would have been right there. */
  expected: string | null;
}

const WIDTH = 100;

/** An error about the file as a whole. */
export function fileError(
  kind: ConfigError['kind'],
  file: string,
  message: string,
  expected: string | null = null,
): ConfigError {
  return { kind, file, line: null, column: null, source: null, message, expected };
}

/**
 * `path:line:col: message`, then the line with a caret below, then what was expected, as compilers do it. Several
 * lines, without a newline at the end; control characters escaped, ready to print.
 */
export function formatConfigError(error: ConfigError): string {
  const place = error.line === null ? error.file : `${error.file}:${error.line}:${error.column ?? 1}`;
  const lines = [`${escapeControls(place)}: ${escapeControls(error.message)}`];
  if (error.source !== null && error.source.trim() !== '') lines.push(...excerpt(error.source, error.column ?? 1));
  if (error.expected !== null) lines.push(`  expected ${escapeControls(error.expected)}`);
  return lines.join('\n');
}

/** A window on a line that may be very long, and the caret below it. */
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
