import { ANSWERS, type Trap } from './trap.ts';

/** A trap for `pm2-guard explain T01`; ends with a newline. */
export function trapText(code: string, { title, seen, cause, answers }: Trap): string {
  return [
    `${code}  ${plain(title)}`,
    '',
    `What people see:  ${plain(seen)}`,
    `The cause:        ${plain(cause)}`,
    '',
    ...answers.map((answer) => plain(ANSWERS[answer])),
    '',
  ].join('\n');
}

/** Without the marks of Markdown. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
