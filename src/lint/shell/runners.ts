import { remark } from './builtins.ts';
import { dispatch, type Job } from './command.ts';
import { isPm2Command, reaches } from './pm2-words.ts';
import { NOTHING, type Result } from './run.ts';
import type { Word } from './words.ts';

/** Another script: lint may have it too, and then knows who runs it. */
export function script(program: Word, job: Job): Result {
  if (program.certain && /\.(sh|bash)$/.test(program.text)) remark(job, 'runs file', program.text);
  return NOTHING;
}

export const RUNNER = new RegExp(
  '^(run|retry|try|exec|execute|cmd|quietly|silently|with|safe|maybe|do|as|nvm|fnm|asdf|volta|mise|n)' +
    '([_-]\\w+)*$|^run\\w+$',
);

/** `retry 5 pm2 reload app`, `run pm2 restart app`: by their names they run the words that follow. */
export function unknownRunner(name: string, words: readonly Word[], job: Job): Result | null {
  if (!RUNNER.test(name)) return null;
  const at = words.findIndex(({ text }, index) => reaches(text) !== null && isPm2Command(words[index + 1]?.text));
  if (at < 0) return null;
  return dispatch({ ...job, words: words.slice(at) });
}
