const [NARROWEST, WIDEST] = [80, 120];
const MAX_HANG = 30;

export interface Screen {
  isTTY?: boolean;
  columns?: number;
}

/** Null: no terminal; scripts get unbroken lines. */
export function widthOf({ isTTY, columns }: Screen): number | null {
  return isTTY === true ? Math.min(WIDEST, Math.max(NARROWEST, columns ?? NARROWEST)) : null;
}

/** NO_COLOR: no-color.org. */
export function showsColour({ isTTY }: Screen): boolean {
  return isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
}

const COLOUR = /\u001b\[[\d;]*m/g;
const COMMAND =
  '(?:[A-Z_]\\w*=\\S* +)*(?:sudo|doas|run0|pkexec|su|runuser|pm2|pm2-guard|npm|apt-get|dnf|yum|zypper|pacman|apk|' +
  'systemctl|loginctl|chown|chmod|rm|mv|cp|mkdir|kill|ln|install|curl|env|sh|printf|echo|sed|find|grep|crontab|' +
  'usermod|getent|df|findmnt|lsattr)';
/** A label, and then nothing but a command; or a command below such a line. In a table blanks follow the first word. */
const COMMAND_LINE = new RegExp(
  `^\\s*(?:(?:run|then|or|next|bypass|more|try):?\\s+\\S|(?:run all|fix):\\s+\\S|\\S+\\s{2,}${COMMAND} \\S)|` +
    `^\\s+${COMMAND} \\S`,
);
/** `choose:   web, which runs myapp    sudo -u www-data pm2 ...`: the gap between a text and its command. */
const GAP = new RegExp(` {3,}(?=${COMMAND} \\S)`);
const QUOTED = /"[^"\n]{1,60}"|`[^`\n]{1,60}`/;
const WITH_OPTIONS = /(?:sudo (?:-\S+ )*(?:-u \S+ )?)?\bpm2(?:-guard)?(?: [a-z]+)?(?: --?[\w-]+)+/;
const GUARD_COMMAND = /(?:sudo )?pm2-guard [a-z]+/;
const KEPT = new RegExp([QUOTED, WITH_OPTIONS, GUARD_COMMAND].map(({ source }) => source).join('|'), 'g');
const GLUE = '\u0000';

export function columnsOf(text: string): number {
  return text.replace(COLOUR, '').length;
}

/** Never breaks a command, so that it can be pasted. */
export function wrapped(text: string, width: number | null): string {
  return width === null
    ? text
    : text
        .split('\n')
        .flatMap((line) => wrappedLine(line, width))
        .join('\n');
}

function wrappedLine(line: string, width: number): string[] {
  const plain = line.replace(COLOUR, '');
  if (plain.length <= width || /^[\u2500-\u257f]/.test(plain) || COMMAND_LINE.test(plain)) return [line];
  const hang = hangOf(plain);
  const [indent = ''] = /^\s*/.exec(plain) ?? [];
  const [text = '', ...commands] = line.slice(indent.length).split(GAP);
  const words = text.replace(KEPT, glued).split(/(?<=\S) (?=\S)/);
  const before = ' '.repeat(hang);
  return [
    ...filled(words, width, indent, before).map((one) => one.replaceAll(GLUE, ' ')),
    ...commands.map((command) => before + command),
  ];
}

function glued(text: string): string {
  return text.replaceAll(' ', GLUE);
}

function filled(words: readonly string[], width: number, first: string, others: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    const isBegin = line.trim() === '';
    if (!isBegin && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line);
      line = `${others}${word}`;
    } else line += isBegin ? word : ` ${word}`;
  }
  return [...lines, line];
}

function hangOf(plain: string): number {
  const [head = ''] = /^\s*(?:\S+(?: \S+){0,3}?:?)\s{2,}(?=\S)/.exec(plain) ?? [];
  if (head !== '' && head.length <= MAX_HANG) return head.length;
  const indent = indentOf(plain);
  return indent > 0 || !/^(?:[\w-]+: |\S+ {2})/.test(plain) ? indent : 2;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Like `wrapped`, but joins the lines of a paragraph first. */
export function refilled(text: string, width: number | null): string {
  if (width === null || text.split('\n').every((line) => columnsOf(line) <= width)) return text;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const before = lines.at(-1) ?? '';
    const indent = indentOf(line);
    const goesOn =
      before.length > 70 &&
      line.trim() !== '' &&
      (indent === hangOf(before) || (indent === indentOf(before) && !/^\s*\S+\s{2,}/.test(before))) &&
      !COMMAND_LINE.test(line) &&
      !COMMAND_LINE.test(before) &&
      !/^\s*[A-Z][\w ]+:( |$)|^\s*\S+\s{2,}/.test(line);
    if (goesOn) lines[lines.length - 1] = `${before} ${line.trimStart()}`;
    else lines.push(line);
  }
  return wrapped(lines.join('\n'), width);
}
