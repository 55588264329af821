import type { Major } from './invocation.ts';
import { aliases, commands, globals } from './pm2-words.ts';

export interface Option {
  /** The property commander sets, camelCase (`--max-restarts` sets `maxRestarts`). */
  attr: string;
  value: 'none' | 'optional' | 'required';
  /** `--no-x`: sets `x`, true until now, to false. */
  negated: boolean;
  /** Repeated values form an array; otherwise the last one counts. */
  list: boolean;
}

export interface Command {
  /** commander's name for it; `save` is an alias of `dump`. */
  name: string;
  /** How many positional words the action gets. */
  arity: number;
  /** How many of them are required. */
  required: number;
  /** The one positional takes all words. */
  variadic: boolean;
  /** Any positional word is an error (`failOnUnknown` in CLI.js). */
  strict: boolean;
  /** Its own options, by flag. Global options are taken from the line first. */
  option: (flag: string) => Option | undefined;
}

function option(told: string): Option {
  const sign = told.charAt(0);
  const value = sign === '<' ? 'required' : sign === '[' ? 'optional' : 'none';
  const attr = value === 'none' && sign !== '!' ? told : told.slice(1);
  return { attr, value, negated: sign === '!', list: attr === 'watch' || attr === 'filterEnv' };
}

/** The global option of a flag, short or long. */
export function globalOption(flag: string): Option | undefined {
  const told = globals[flag];
  return told === undefined ? undefined : option(told);
}

/** The command of a name or an alias; commander is case-sensitive. */
export function commandOf(word: string, major: Major): Command | undefined {
  const row = commands[word];
  if (row === undefined) return aliasedAs(word, major);
  const [words = ''] = row.split(' ', 1);
  if (words.startsWith('@'))
    return words.includes(String(major))
      ? { name: word, arity: 0, required: 0, variadic: false, strict: false, option: () => undefined }
      : undefined;
  return {
    name: word,
    arity: words === 'x' ? 0 : words.length,
    required: words.lastIndexOf('r') + 1 + (words === 'R' ? 1 : 0), // required ones come first
    variadic: words === 'R' || words === 'O',
    strict: words === 'x',
    option: (flag) => ownOption(row, flag, major),
  };
}

/** Parsed only for options that are not global: most calls have none. */
function ownOption(row: string, flag: string, major: Major): Option | undefined {
  for (const word of row.split(' ').slice(1)) {
    const [text = '', majors = '567'] = word.split('@');
    const sign = text.endsWith('<') || text.endsWith('[') ? text.slice(-1) : '';
    const flags = text.slice(0, text.length - sign.length).split(',');
    if (!flags.includes(flag) || !majors.includes(String(major))) continue;
    return option(sign + (flags.at(-1) ?? '').slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()));
  }
  return undefined;
}

/** The command that has this alias. */
export function aliasedAs(word: string, major: Major): Command | undefined {
  const name = aliases[word];
  return name === undefined ? undefined : commandOf(name, major);
}

/** All commands and options, for the tests; `own` by command. */
export function vocabulary(major: Major): {
  flags: string[];
  commands: string[];
  aliases: string[];
  own: Record<string, string[]>;
} {
  const names = Object.keys(commands).filter((name) => commandOf(name, major));
  const own = names.map((name) => {
    const written = (commands[name] ?? '')
      .split(' ')
      .slice(1)
      .flatMap((word) => word.replace(/[<[]?(@\d+)?$/, '').split(','));
    return [name, written.filter((flag) => commandOf(name, major)?.option(flag))] as const;
  });
  return { flags: Object.keys(globals), commands: names, aliases: Object.keys(aliases), own: Object.fromEntries(own) };
}

/**
 * The grammar of an installed PM2. `known` is false if it was not compared with that PM2: before 5.4 (no
 * `--stop-exit-codes` and `--no-autostart`) and after 7. Then the nearest major is used, and the guard says so.
 * @param version as in PM2's package.json: `6.0.14`
 */
export function grammarFor(version: string): { major: Major; known: boolean } {
  const [major, minor] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 5) return { major, known: minor !== undefined && minor >= 4 };
  if (major === 6 || major === 7) return { major, known: true };
  return { major: major !== undefined && major < 5 ? 5 : 7, known: false };
}
