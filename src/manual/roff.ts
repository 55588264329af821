// The few man(7) macros that the page needs, for groff and mandoc.

/** Characters that roff or its fonts would change: groff_char(7). */
const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/** Text to copy, which must stay exact: code, options, paths. */
export function literal(text: string): string {
  return text.replace(/[\\\-'`^~"]/g, (char) => SPECIAL[char] ?? char).replace(/[^\0-\x7f]/gu, named);
}

/** Text to read: roff may change hyphens within words and apostrophes. */
export function prose(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/(?<!\w)-|-(?!\w)/g, '\\-')
    .replace(/[^\0-\x7f]/gu, named);
}

function named(char: string): string {
  return `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

export function bold(literalText: string): string {
  return `\\fB${literalText}\\fR`;
}

export function italic(literalText: string): string {
  return `\\fI${literalText}\\fR`;
}

/** Text as lines of at most 80 bytes, as mandoc wants. A dot or an apostrophe at a line's start is escaped. */
export function filled(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > 78) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map(line);
}

function line(text: string): string {
  return /^[.']/.test(text) ? `\\&${text}` : text;
}

/** A macro with its quoted arguments. */
export function macro(name: string, ...args: string[]): string {
  return [`.${name}`, ...args.map((arg) => `"${arg.replaceAll('"', '\\(dq')}"`)].join(' ');
}

export function paragraph(text: string): string[] {
  return ['.PP', ...filled(text)];
}

export function bullet(text: string): string[] {
  return ['.IP \\(bu 2', ...filled(text)];
}

/** A term with its description indented below. */
export function tagged(term: string, text: string): string[] {
  return ['.TP', line(term), ...filled(text)];
}

export function example(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.EX', ...lines.map((text) => line(literal(text))), '.EE', '.RE'];
}
