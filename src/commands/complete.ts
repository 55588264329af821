import { Command } from 'commander';
import { complete } from '../completion/candidates.ts';
import { valuesOfHost } from '../completion/values.ts';
import { traps } from '../traps/catalogue.ts';
import { catalogue } from './explain.ts';

/**
 * `pm2-guard __complete -- <words>`: called by the completion scripts on TAB. It only reads, and prints no errors,
 * because the shell cannot show them. The first line says whether file names fit too; then one candidate per line:
 * word, tab, description.
 */
export function completeCommand(): Command {
  return new Command('__complete').argument('[words...]').action((words: string[], _options, command: Command) => {
    const { candidates, files } = complete(command.parent ?? command, words, valuesOfHost({ words: explained() }));
    // A name that would break a line, or control a terminal, is not offered.
    const lines = candidates
      .map(({ word, about }) => `${word}\t${about}`)
      .filter((line) => !/[\0-\x08\x0a-\x1f\x7f-\x9f]/.test(line));
    process.stdout.write(`${[files ? 'files' : 'words', ...lines].join('\n')}\n`);
  });
}

/** Codes and traps, which `explain` accepts without a `--`. */
function explained(): { word: string; about: string }[] {
  return Object.entries({ ...catalogue, ...traps }).map(([word, { title }]) => ({ word, about: title }));
}
