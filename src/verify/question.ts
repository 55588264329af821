import { existsSync } from 'node:fs';

/**
 * The language of a shell, as far as it takes to ask it what `pm2` is. `plain`: one that is not known (csh, nushell):
 * all it has to do is to start /bin/sh, so its own aliases stay unknown.
 */
export type ShellLanguage = 'posix' | 'fish' | 'plain';

/** What a shell takes the word `pm2` for. */
export type ShellWord =
  | { type: 'nothing' }
  | { type: 'file'; path: string }
  | { type: 'alias'; text: string }
  | { type: 'function'; text: string };

export interface Told {
  word: ShellWord;
  /** The file that is found in PATH, past alias and function; null: none. */
  file: string | null;
  /** PM2_GUARD of its environment; null: not set. */
  guard: string | null;
}

const PRINTENV = existsSync('/usr/bin/printenv') ? '/usr/bin/printenv' : '/bin/printenv';

/**
 * A command line that makes a shell say what it would run for `pm2`, without running it. No quotes, no dollar signs,
 * one line: `sudo -i` escapes every other character on the way (sudo(8)), and it may stand in the quotes of another
 * shell.
 *
 * @param tag stands before each answer on a line of its own: what startup files print is passed over
 */
export function question(language: ShellLanguage, tag: string): string {
  switch (language) {
    case 'posix': {
      const steps = [
        ['word', 'command -v pm2'],
        ['file', '(unalias pm2; unset -f pm2; command -v pm2)'],
        ['body', 'typeset -f pm2'],
        ['guard', `${PRINTENV} PM2_GUARD`],
        ['end', 'true'],
      ];
      // zsh writes its history when it ends, if .zshrc names a file for it.
      return ['unset HISTFILE', ...steps.map(asked(tag))].join('; ');
    }
    case 'fish': {
      const steps = [
        ['word', 'type -t pm2'],
        ['file', 'command -s pm2'],
        ['body', 'functions pm2'],
        ['guard', `${PRINTENV} PM2_GUARD`],
        ['end', 'true'],
      ];
      return steps.map(asked(tag)).join('; ');
    }
    case 'plain':
      return `/bin/sh -c '${question('posix', tag)}'`;
  }
}

/** A command line for the same shell, with a line on standard output before what the command itself prints. */
export function after(language: ShellLanguage, tag: string, command: string): string {
  const line = `echo; echo ${tag}:said; ${command}`;
  switch (language) {
    case 'posix':
      return `unset HISTFILE; ${line}`;
    case 'fish':
      return line;
    case 'plain':
      return `/bin/sh -c '${line}'`;
  }
}

/** What the command behind `after` printed; null: it was never reached. */
export function saidAfter(stdout: string, tag: string): string | null {
  const mark = `${tag}:said\n`;
  const at = stdout.indexOf(mark);
  return at < 0 ? null : stdout.slice(at + mark.length);
}

function asked(tag: string): (step: string[]) => string {
  return ([name, command]) => `echo; echo ${tag}:${name ?? ''}; ${command ?? ''}`;
}

/** The answers to `question`; null: the shell did not answer, or not to the end. */
export function readTold(stdout: string, tag: string): Told | null {
  const answers = new Map(
    stdout
      .split(`${tag}:`)
      .slice(1)
      .map((part) => {
        const [name = '', ...lines] = part.split('\n');
        return [name, lines.join('\n').trim()] as const;
      }),
  );
  if (!answers.has('end')) return null;
  const answer = (name: string): string => answers.get(name) ?? '';
  const file = answer('file').startsWith('/') ? answer('file') : null;
  return { word: wordOf(answer('word'), file, answer('body')), file, guard: answer('guard') || null };
}

/**
 * `command -v` (POSIX 2.14): a path, `alias pm2='...'`, or the word itself for a function. fish's `type -t`: file,
 * function.
 */
function wordOf(word: string, file: string | null, body: string): ShellWord {
  if (word.startsWith('/')) return { type: 'file', path: word };
  if (word === 'file' && file !== null) return { type: 'file', path: file };
  if (word.startsWith('alias ')) return { type: 'alias', text: aliasText(word) };
  return word === '' ? { type: 'nothing' } : { type: 'function', text: body };
}

/** `alias pm2='authbind --deep pm2'`, as a shell writes it; one word needs no quotes in zsh. */
function aliasText(definition: string): string {
  const value = definition.replace(/^alias (?:-\S+ )*pm2=/, '');
  return value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1).replaceAll("'\\''", "'") : value;
}
