// The little of man(7) that the page needs, understood by groff and mandoc alike.

/** The characters that roff, or the fonts behind it, would show as others: groff_char(7). */
const SPECIAL: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/** What must come out as it is, to be copied: code, options, paths. */
export function literal(text: string): string {
  return text.replace(/[\\\-'`^~"]/g, (char) => SPECIAL[char] ?? char).replace(/[^\0-\x7f]/gu, named);
}

/** What is read: a hyphen within a word may be one, an apostrophe too. */
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

/** Text as lines of at most 80 bytes, which mandoc asks for; a dot or an apostrophe that begins one is no request. */
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

/** A macro with its arguments, each quoted as one. */
export function macro(name: string, ...args: string[]): string {
  return [`.${name}`, ...args.map((arg) => `"${arg.replaceAll('"', '\\(dq')}"`)].join(' ');
}

export function paragraph(text: string): string[] {
  return ['.PP', ...filled(text)];
}

export function bullet(text: string): string[] {
  return ['.IP \\(bu 2', ...filled(text)];
}

/** A term, and what it means indented below it. */
export function tagged(term: string, text: string): string[] {
  return ['.TP', line(term), ...filled(text)];
}

/** Lines as they are. */
export function example(lines: readonly string[]): string[] {
  return ['.PP', '.RS 4', '.EX', ...lines.map((text) => line(literal(text))), '.EE', '.RE'];
}
