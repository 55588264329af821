/*
 * The syntax of unit files, read as systemd reads it (config_parse in src/shared/conf-parser.c, extract_first_word in
 * src/basic/extract-word.c; systemd.syntax(7)). A user may have written the text, so all of it takes linear time.
 */

export interface UnitSetting {
  key: string;
  /** Trimmed; empty: a reset. */
  value: string;
}

export interface Settings {
  settings: UnitSetting[];
  /** False: a faulty section header ends the file. systemd does not load such a unit, and ignores a drop-in's rest. */
  isWhole: boolean;
}

const LINE_END = /\r\n\0?|\n\r?\0?|\r\0?|\0/;

/**
 * The settings of one section of one file.
 * @param text in UTF-8; a line with other bytes is ignored
 */
export function settingsOf(text: string, wanted: string): Settings {
  const settings: UnitSetting[] = [];
  let section: string | null = null;
  for (const line of joinedLines(text)) {
    if (line === '' || line.includes('\ufffd')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']') || /[\u0000-\u001f"'\\\u007f]/.test(line)) return { settings, isWhole: false };
      section = line.slice(1, -1);
      continue;
    }
    const equals = line.indexOf('=');
    if (section !== wanted || equals < 1) continue;
    settings.push({ key: trimmed(line.slice(0, equals)), value: trimmed(line.slice(equals + 1)) });
  }
  return { settings, isWhole: true };
}

/** Lines without comments, trimmed. A line that ends with an unescaped backslash continues; comments are skipped. */
function* joinedLines(text: string): Generator<string> {
  let open: string[] = [];
  let marked = false;
  for (const raw of text.split(LINE_END)) {
    if (isComment(raw)) continue;
    const hasMark: boolean = !marked && raw.startsWith('\ufeff');
    marked ||= hasMark;
    const line = hasMark ? raw.slice(1) : raw;
    if (backslashesAtEnd(line) % 2 === 1) {
      open.push(line.slice(0, -1));
      continue;
    }
    yield trimmed([...open, line].join(' '));
    open = [];
  }
  if (open.length > 0) yield trimmed(open.join(' '));
}

function isComment(line: string): boolean {
  let at = 0;
  while (isBlank(line.charAt(at))) at++;
  return '#;'.includes(line.charAt(at)) && at < line.length;
}

function backslashesAtEnd(line: string): number {
  let at = line.length;
  while (line.charAt(at - 1) === '\\') at--;
  return line.length - at;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charAt(start))) start++;
  while (end > start && isBlank(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

