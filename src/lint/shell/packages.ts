import type { Reached } from '../model.ts';
import { remark } from './builtins.ts';
import { dispatch, type Job } from './command.ts';
import { readOptions } from './options.ts';
import { isPm2Command, isPm2Package, reaches } from './pm2-words.ts';
import { NOTHING, type RunResult } from './run.ts';
import { runText } from './run.ts';
import type { ParsedWord } from './words.ts';

const OPTIONS = { letters: 'pcC', long: ['package', 'prefix', 'cwd', 'call', 'dir', 'workspace', 'filter'] };

export function isPackageRunner(name: string): boolean {
  return /^(npx|bunx|pnpx|npm|pnpm|yarn|bun|node|nodejs)$/.test(name);
}

/** npm, npx, yarn, pnpm, bun and node: they search pm2 in a project first. Null: it is none of them. */
export function packageRunner(name: string, words: readonly ParsedWord[], job: Job): RunResult | null {
  switch (name) {
    case 'npx':
    case 'bunx':
    case 'pnpx':
      return executed(words, job);
    case 'npm':
    case 'pnpm':
    case 'yarn':
    case 'bun':
      return manager(words, job);
    case 'node':
    case 'nodejs': {
      const script = words.find(({ text }) => !text.startsWith('-'));
      if (!script || !/(^|\/)bin\/pm2$|\/\.bin\/pm2$/.test(script.text)) return NOTHING;
      return dispatch({ ...job, words: words.slice(words.indexOf(script)) });
    }
    default:
      return null;
  }
}

function executed(words: readonly ParsedWord[], job: Job): RunResult {
  const { values, rest } = readOptions(words, OPTIONS);
  const script = values.get('c') ?? values.get('call');
  if (script) return runText(script.origin, job.scope.child(), job.shell.session);
  const [program, ...others] = rest;
  if (!program) return NOTHING;
  if (!isPm2Package(program.text)) return dispatch({ ...job, words: rest });
  return reachedBy('npx', { ...program, text: 'pm2' }, others, job);
}

function reachedBy(reached: Reached, program: ParsedWord, others: readonly ParsedWord[], job: Job): RunResult {
  const { calls } = job.shell.session.reading;
  const before = calls.length;
  const result = dispatch({ ...job, words: [program, ...others] });
  for (const call of calls.slice(before)) call.reached = reached;
  return result;
}

function manager(words: readonly ParsedWord[], job: Job): RunResult {
  const { rest } = readOptions(words, OPTIONS);
  const [verb, ...others] = rest;
  if (!verb) return NOTHING;
  if (/^(exec|x|dlx)$/.test(verb.text))
    return executed(
      others.filter(({ text }) => text !== '--'),
      job,
    );
  // `yarn pm2 restart app`: any other word is a script, or a program of the project.
  if (reaches(verb.text) === 'pm2' && isPm2Command(others[0]?.text)) return reachedBy('npx', verb, others, job);
  const script = /^(run|run-script)$/.test(verb.text) ? others.find(({ text }) => !text.startsWith('-')) : verb;
  if (script?.text === 'pm2' && isPm2Command(others[1]?.text)) return reachedBy('npx', script, others.slice(1), job);
  if (script) remark(job, 'npm run', script.text);
  return NOTHING;
}
