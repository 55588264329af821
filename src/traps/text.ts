import { ANSWERS, type Trap } from './trap.ts';

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

function plain(text: string): string {
  return text.replaceAll('`', '');
}
