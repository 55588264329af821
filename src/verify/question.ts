import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** `plain`: an unknown shell (csh, nushell) that only starts /bin/sh; its aliases stay unknown. */
export type ShellLanguage = 'posix' | 'fish' | 'plain';

export type ShellWord =
  | { type: 'nothing' }
  | { type: 'file'; path: string }
  | { type: 'alias'; text: string }
  | { type: 'function'; text: string };

export interface Told {
  word: ShellWord;
  /** What PATH finds, without alias and function. */
  file: string | null;
  /** The value of PM2_GUARD. */
  guard: string | null;
  /** HOME, which the shell puts in for `~`. */
  homeDirectory: string;
}

const PRINTENV = existsSync('/usr/bin/printenv') ? '/usr/bin/printenv' : '/bin/printenv';

/** In every language. */
const ABOUT_THE_SHELL = [
  ['guard', `${PRINTENV} PM2_GUARD`],
  ['home', `${PRINTENV} HOME`],
  ['directory', 'pwd'],
  ['end', 'true'],
];

/**
 * Asks a shell what it would run for `pm2`. No quotes, no `$`, one line: `sudo -i` escapes all else (sudo(8)).
 *
 * @param tag marks each answer line, so that other output is ignored
 */
export function question(language: ShellLanguage, tag: string): string {
  switch (language) {
    case 'posix': {
      const steps = [
        ['word', 'command -v pm2'],
        ['file', '(unalias pm2; unset -f pm2; command -v pm2)'],
        ['body', 'typeset -f pm2'],
        ...ABOUT_THE_SHELL,
      ];
      // Otherwise zsh writes its history at exit.
      return ['unset HISTFILE', ...steps.map(asked(tag))].join('; ');
    }
    case 'fish': {
      const steps = [
        ['word', 'type -t pm2'],
        ['file', 'command -s pm2'],
        ['body', 'functions pm2'],
        ...ABOUT_THE_SHELL,
      ];
      return steps.map(asked(tag)).join('; ');
    }
    case 'plain':
      return `/bin/sh -c '${question('posix', tag)}'`;
  }
}

/** Prints a mark before the command's own output. */
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

/** Null: the shell did not reach the command. */
export function saidAfter(stdout: string, tag: string): string | null {
  const mark = `${tag}:said\n`;
  const at = stdout.indexOf(mark);
  return at < 0 ? null : stdout.slice(at + mark.length);
}

function asked(tag: string): (step: string[]) => string {
  return ([name, command]) => `echo; echo ${tag}:${name ?? ''}; ${command ?? ''}`;
}

/** Null: no complete answer. */
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
  // A relative directory in PATH gives a relative path, such as node_modules/.bin/pm2.
  const fileAt = (path: string): string | null => (path.includes('/') ? resolve(answer('directory'), path) : null);
  const file = fileAt(answer('file'));
  return {
    word: answer('word').startsWith('alias ')
      ? { type: 'alias', text: aliasText(answer('word')) }
      : wordOf(answer('word'), fileAt(answer('word')) ?? file, answer('body')),
    file,
    guard: answer('guard') || null,
    homeDirectory: answer('home') || '~', // unset: the path stays unclear
  };
}

/** `command -v` (POSIX 2.14): a path, or the name of a function. fish's `type -t`: file, function. */
function wordOf(word: string, file: string | null, body: string): ShellWord {
  if ((word.includes('/') || word === 'file') && file !== null) return { type: 'file', path: file };
  return word === '' ? { type: 'nothing' } : { type: 'function', text: body };
}

/** zsh omits the quotes for a single word. */
function aliasText(definition: string): string {
  const value = definition.replace(/^alias (?:-\S+ )*pm2=/, '');
  return value.startsWith("'") && value.endsWith("'") ? value.slice(1, -1).replaceAll("'\\''", "'") : value;
}
