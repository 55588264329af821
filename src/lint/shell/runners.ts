import { remark } from './builtins.ts';
import { dispatch, type Job } from './command.ts';
import { isPm2Command, reaches } from './pm2-words.ts';
import { NOTHING, type RunResult } from './run.ts';
import type { ParsedWord } from './words.ts';

/** Another script. Lint may read it too, and then knows its user. */
export function script(program: ParsedWord, job: Job): RunResult {
  if (program.certain && /\.(sh|bash)$/.test(program.text)) remark(job, 'runs file', program.text);
  return NOTHING;
}

export const RUNNER = new RegExp(
  '^(run|retry|try|exec|execute|cmd|quietly|silently|with|safe|maybe|do|as|nvm|fnm|asdf|volta|mise|n)' +
    '([_-]\\w+)*$|^run\\w+$',
);

/** `retry 5 pm2 reload app`, `run pm2 restart app`: the name suggests that it runs the words that follow. */
export function unknownRunner(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  if (!RUNNER.test(name)) return null;
  const at = words.findIndex(({ text }, index) => reaches(text) !== null && isPm2Command(words[index + 1]?.text));
  if (at < 0) return null;
  return dispatch({ ...job, words: words.slice(at) });
}
