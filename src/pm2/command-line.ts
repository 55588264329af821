import { aliasedAs, commandOf, globalOption, type Command, type Option } from './grammar.ts';
import type { Major } from './invocation.ts';

/** By attribute (`maxRestarts`); only what was given. */
export type Options = Record<string, string | boolean | string[] | undefined>;

/** What becomes of a command line. Every way to leave without running a command has PM2's exit status in its comment. */
export type Outcome =
  | Run
  /** Prints the version (0). */
  | { type: 'version' }
  /** Prints help on everything, or on one command (0). */
  | { type: 'help'; typed: string | null }
  /** commander or CLI.js refuses it (1). */
  | { type: 'usage error'; error: 'unknown option' | 'missing argument' | 'missing value' | 'unexpected argument'; typed: string | null }
  | { type: 'unknown command'; typed: string }
  /** No words at all: the usage (1). */
  | { type: 'usage' }
  /** Options but no command: PM2 does nothing, and hangs on its open socket. */
  | { type: 'nothing' }
  /** `pm2 completion`, which never gets to commander. */
  | { type: 'completion' };

export interface Run {
  type: 'run';
  /** commander's own name: `dump` for `save`. */
  command: string;
  typed: string;
  /** The words the action works on, a variadic one flattened. For `start` and `restart` what CLI.js leaves of them before `--`. */
  args: string[];
  /** `start -` and `delete -`: CLI.js reads standard input itself. */
  stdin: boolean;
  /** The command's own options. */
  own: Options;
  /** commander's alias bug: the executable it runs besides, such as `pm2-dump`. */
  spawns: string | null;
}

export type CommandLine = Outcome & {
  /** The words as commander gets them: `log` is `logs` by then. */
  words: readonly string[];
  /** Global options, as far as they were read. */
  options: Options;
  /** The words after the first literal `--`, which become the app's arguments; null where there is none. */
  dashed: readonly string[] | null;
  /** `startup` or `unstartup` stands before `--`: PM2 does not connect before it parses. */
  startupScan: boolean;
  /** `--no-daemon` stands before `--`: the daemon, where none runs, lives in this process. */
  noDaemon: boolean;
  /** `-s` or `--silent` was seen by PM2's raw scan: nothing is printed. */
  silent: boolean;
};

/**
 * Reads one command line as lib/binaries/CLI.js (PM2 5.4 to 7.0) and its commander 2.15.1 do, oddities included: every rule here is
 * compared with them by test/pm2/differential.test.ts.
 *
 * @param argv the words after `pm2`
 */
export function parseCommandLine(argv: readonly string[], major: Major): CommandLine {
  const words = [...argv];
  const dashes = argv.indexOf('--');
  const before = dashes < 0 ? argv : argv.slice(0, dashes);
  const log = before.indexOf('log');
  if (log >= 0) words[log] = 'logs';
  const options: Options = {};
  // Common.printVersion compares with -1 where there is no `--`, so it answers only where one follows; before anything else happens.
  const early = dashes >= 0 && before.includes('-v');
  const noDaemon = !early && before.includes('--no-daemon');
  const startupScan = !early && !noDaemon && (before.includes('startup') || before.includes('unstartup'));
  const outcome: Outcome = early ? { type: 'version' } : outcomeOf(words, dashes, options, startupScan || noDaemon, major);
  return { ...outcome, words, options, dashed: dashes < 0 ? null : words.slice(dashes + 1), startupScan, noDaemon, silent: isSilent(argv, dashes) };
}

function outcomeOf(words: readonly string[], dashes: number, options: Options, noCompletion: boolean, major: Major): Outcome {
  if (words.length === 0) return { type: 'usage' };
  if (words[0] === 'completion' && !noCompletion) return { type: 'completion' };
  const line = takeOptions(normalize(words), globalOption, options);
  if (line === 'version') return { type: 'version' };
  if (line === 'missing value') return { type: 'usage error', error: line, typed: null };

  const [typed, ...positionals] = line.positionals;
  if (typed === undefined) {
    if (asksHelp(line.unknown)) return { type: 'help', typed: null };
    return line.unknown.length > 0 ? { type: 'usage error', error: 'unknown option', typed: null } : { type: 'nothing' };
  }
  const command = commandOf(typed, major);
  if (!command) return { type: 'unknown command', typed };
  return reach(command, typed, positionals, line.unknown, words, dashes, major);
}

/** commander's listener of a command, then the action of CLI.js. */
function reach(command: Command, typed: string, positionals: string[], unknown: string[], words: readonly string[], dashes: number, major: Major): Outcome {
  const own: Options = {};
  const line = takeOptions(unknown, command.option, own);
  if (line === 'version' || line === 'missing value') return { type: 'usage error', error: 'missing value', typed };
  if (asksHelp(line.unknown)) return { type: 'help', typed };
  if (line.unknown.length > 0) return { type: 'usage error', error: 'unknown option', typed };
  // Words that stood behind an unknown option come first, whatever their place on the line was.
  const all = [...line.positionals, ...positionals];
  if (all.length < command.required) return { type: 'usage error', error: 'missing argument', typed };
  if (command.name === '*') return { type: 'unknown command', typed };
  if (command.strict && all.length > 0) return { type: 'usage error', error: 'unexpected argument', typed };

  const given = command.variadic ? all : all.slice(0, command.arity);
  const stdin = given.length === 1 && given[0] === '-' && own.container !== true && (command.name === 'start' || command.name === 'delete');
  const args = stdin || own.container === true ? given : cutAtDashes(command.name, given, words, dashes);
  const spawns = exits.has(command.name) ? null : aliasBug(command, all, line.positionals.length > 0 ? positionals : null, major);
  return { type: 'run', command: command.name, typed, args, stdin, own, spawns };
}

// Their actions end in process.exit, before commander comes to look at aliases.
const exits = new Set(['examples', 'install-otel', 'uninstall-otel']);

/**
 * `patchCommanderArg` of CLI.js: start and restart drop the words after `--` by looking for the first of them among the targets.
 * Where it is not found, indexOf's -1 drops the last target. `start` falls back to the default process file.
 */
function cutAtDashes(command: string, given: string[], words: readonly string[], dashes: number): string[] {
  if (command !== 'start' && command !== 'restart') return given;
  const kept = dashes < 0 ? given : given.slice(0, given.indexOf(words[dashes + 1] as string));
  return command === 'start' && kept.length === 0 ? ['ecosystem.config.js'] : kept;
}

/**
 * After the action, commander looks at the first positional once more; where it is the alias of any command, it runs `pm2-<command>`.
 * It looks at its own array, which the action's words share unless an unknown option's word was put before them: then the array of a
 * variadic command is still flat.
 *
 * @param apart the positionals where they are apart from the action's
 */
function aliasBug(command: Command, all: string[], apart: string[] | null, major: Major): string | null {
  const flat = apart ?? (command.variadic ? null : all);
  const name = flat === null ? all.join(',') : flat[0];
  if (name === '__proto__') return 'pm2-__proto__'; // commander looks it up in a plain object
  // The actions of these overwrite commander's own list of commands: no alias left.
  const emptied = command.name === 'install' || (command.name === 'module:update' && major >= 6);
  const alias = flat === null || name === undefined || emptied ? undefined : aliasedAs(name, major);
  return alias ? `pm2-${alias.name}` : null;
}

/** `Common.determineSilentCLI`: with a `--` in the line, `-s` before it switches `--silent` off. */
function isSilent(argv: readonly string[], dashes: number): boolean {
  const long = argv.indexOf('--silent');
  const short = argv.indexOf('-s');
  if (dashes < 0) return long >= 0 || short >= 0;
  return long >= 0 && long < dashes && (short < 0 || short > dashes);
}

function asksHelp(unknown: readonly string[]): boolean {
  return unknown.includes('-h') || unknown.includes('--help');
}

/** commander's `normalize`: `-ab` is `-a -b`, `--a=b` is `--a b`, but not right behind a global option that needs a value. */
function normalize(words: readonly string[]): string[] {
  const line: string[] = [];
  for (const [at, word] of words.entries()) {
    if (word === '--') return line.concat(words.slice(at));
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    if (at > 0 && globalOption(words[at - 1] as string)?.value === 'required') line.push(word);
    else if (word.length > 1 && word.startsWith('-') && word[1] !== '-') for (const letter of word.slice(1).split('')) line.push(`-${letter}`);
    else if (equals >= 0) line.push(word.slice(0, equals), word.slice(equals + 1));
    else line.push(word);
  }
  return line;
}

/** commander's `parseOptions`. A word that follows an unknown option is put aside with it, for the command to make sense of. */
function takeOptions(line: readonly string[], known: (flag: string) => Option | undefined, into: Options): { positionals: string[]; unknown: string[] } | 'version' | 'missing value' {
  const positionals: string[] = [];
  const unknown: string[] = [];
  for (let at = 0; at < line.length; at++) {
    const word = line[at] as string;
    if (word === '--') return { positionals: positionals.concat(line.slice(at + 1)), unknown };
    const next = line[at + 1];
    const option = known(word);
    if (option) {
      if (option.attr === 'version') return 'version';
      if (option.value === 'required' && next === undefined) return 'missing value';
      const taken = option.value === 'required' || (option.value === 'optional' && next !== undefined && (!next.startsWith('-') || next === '-'));
      if (taken) at++;
      assign(option, taken ? next as string : null, into);
    } else if (word.length > 1 && word.startsWith('-')) {
      unknown.push(word);
      if (next !== undefined && !next.startsWith('-')) unknown.push(line[++at] as string);
    } else {
      positionals.push(word);
    }
  }
  return { positionals, unknown };
}

function assign(option: Option, value: string | null, into: Options): void {
  const { attr } = option;
  if (option.list) {
    const list = (into[attr] ??= []) as string[];
    if (value !== null) list.push(value);
  } else if (value !== null) {
    into[attr] = value;
  } else {
    into[attr] ??= !option.negated; // an option given again without its value keeps the value
  }
}
