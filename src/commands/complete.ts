import { Command } from 'commander';
import { complete } from '../completion/candidates.ts';
import { valuesOfHost } from '../completion/values.ts';
import { catalogue } from './explain.ts';

/**
 * `pm2-guard __complete -- <words>`: what the completion scripts ask on TAB. It reads, and never complains: a shell has
 * no place to show that. The first line says whether names of files fit too; then a candidate a line, a tab, what it
 * is.
 */
export function completeCommand(): Command {
  return new Command('__complete').argument('[words...]').action((words: string[], _options, command: Command) => {
    const { candidates, files } = complete(command.parent ?? command, words, valuesOfHost({ words: explained() }));
    // A name that would break a line, or act on a terminal, is not offered.
    const lines = candidates
      .map(({ word, about }) => `${word}\t${about}`)
      .filter((line) => !/[\0-\x08\x0a-\x1f\x7f-\x9f]/.test(line));
    process.stdout.write(`${[files ? 'files' : 'words', ...lines].join('\n')}\n`);
  });
}

/** What `explain` takes without a `--`. */
function explained(): { word: string; about: string }[] {
  return Object.entries(catalogue).map(([word, { title }]) => ({ word, about: title }));
}
