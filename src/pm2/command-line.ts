import { aliasedAs, commandOf, globalOption, type Command } from './grammar.ts';
import type { Major } from './invocation.ts';
import { normalize, takeOptions, tokenText, type Options, type Token } from './tokens.ts';

export type { Options } from './tokens.ts';

/** The result of parsing. A number in brackets is PM2's exit status if no command runs. */
export type ParseOutcome =
  | Run
  | { type: 'version' }
  /** Prints the general help, or that of one command (0). */
  | { type: 'help'; typed: string | null }
  /** commander or CLI.js refuses it (1). */
  | { type: 'usage error'; error: UsageError; typed: string | null }
  | { type: 'unknown command'; typed: string }
  /** No words at all: the usage (1). */
  | { type: 'usage' }
  /** Options but no command: PM2 does nothing, and hangs on its open socket. */
  | { type: 'nothing' }
  /** `pm2 completion`, which does not reach commander. */
  | { type: 'completion' };

type UsageError = 'unknown option' | 'missing argument' | 'missing value' | 'unexpected argument';

export interface Run {
  type: 'run';
  /** commander's name: `dump` for `save`. */
  command: string;
  typed: string;
  /** The words the action gets, flattened. For `start` and `restart`: what CLI.js leaves before `--`. */
  args: string[];
  /** The index in argv of each of `args`; null if that word holds more than this, or PM2 supplied it. */
  places: (number | null)[];
  /** `start -` and `delete -`: CLI.js reads standard input itself. */
  stdin: boolean;
  own: Options;
  /** The program that commander's alias bug also runs, such as `pm2-dump`. */
  spawns: string | null;
}

export type CommandLine = ParseOutcome & {
  /** The words as commander gets them: CLI.js replaces `log` by `logs`. */
  words: readonly string[];
  /** Global options, as far as they were read. */
  options: Options;
  /** The words after the first `--`, which become the app's arguments; null: there is no `--`. */
  dashed: readonly string[] | null;
  /** `startup` or `unstartup` stands before `--`: PM2 does not connect before it parses. */
  startupScan: boolean;
  /** `--no-daemon` stands before `--`: if no daemon runs, PM2 runs one in this process. */
  noDaemon: boolean;
  /** PM2's scan of argv found `-s` or `--silent`: it prints nothing. */
  silent: boolean;
};

/**
 * Reads a command line as lib/binaries/CLI.js (PM2 5.4 to 7.0) and commander 2.15.1 do, bugs included.
 * test/pm2/differential.test.ts compares every rule with them.
 * @param argv the words after `pm2`
 */
export function parseCommandLine(argv: readonly string[], major: Major): CommandLine {
  const words = [...argv];
  const dashes = argv.indexOf('--');
  const before = dashes < 0 ? argv : argv.slice(0, dashes);
  const log = before.indexOf('log');
  if (log >= 0) words[log] = 'logs';
  const options: Options = {};
  // Common.printVersion compares with -1 if there is no `--`, so it answers only if there is one.
  const early = dashes >= 0 && before.includes('-v');
  const noDaemon = !early && before.includes('--no-daemon');
  const startupScan = !early && !noDaemon && (before.includes('startup') || before.includes('unstartup'));
  const outcome: ParseOutcome = early
    ? { type: 'version' }
    : outcomeOf(words, dashes, options, startupScan || noDaemon, major);
  const dashed = dashes < 0 ? null : words.slice(dashes + 1);
  return { ...outcome, words, options, dashed, startupScan, noDaemon, silent: isSilent(argv, dashes) };
}

function outcomeOf(
  words: readonly string[],
  dashes: number,
  options: Options,
  noCompletion: boolean,
  major: Major,
): ParseOutcome {
  if (words.length === 0) return { type: 'usage' };
  if (words[0] === 'completion' && !noCompletion) return { type: 'completion' };
  const line = takeOptions(normalize(words), globalOption, options);
  if (line === 'version') return { type: 'version' };
  if (line === 'missing value') return { type: 'usage error', error: line, typed: null };

  const [first, ...positionals] = line.positionals;
  if (first === undefined) {
    if (asksHelp(line.unknown)) return { type: 'help', typed: null };
    if (line.unknown.length === 0) return { type: 'nothing' };
    return { type: 'usage error', error: 'unknown option', typed: null };
  }
  const typed = first.text;
  const command = commandOf(typed, major);
  if (!command) return { type: 'unknown command', typed };
  return reach(command, typed, positionals, line.unknown, words, dashes, major);
}

/** commander's listener of a command, then the action of CLI.js. */
function reach(
  command: Command,
  typed: string,
  positionals: Token[],
  unknown: Token[],
  words: readonly string[],
  dashes: number,
  major: Major,
): ParseOutcome {
  const own: Options = {};
  const line = takeOptions(unknown, command.option, own);
  if (line === 'version' || line === 'missing value') return { type: 'usage error', error: 'missing value', typed };
  if (asksHelp(line.unknown)) return { type: 'help', typed };
  if (line.unknown.length > 0) return { type: 'usage error', error: 'unknown option', typed };
  // Words after an unknown option come first, whatever their order on the line.
  const all = [...line.positionals, ...positionals];
  if (all.length < command.required) return { type: 'usage error', error: 'missing argument', typed };
  if (command.name === '*') return { type: 'unknown command', typed };
  if (command.strict && all.length > 0) return { type: 'usage error', error: 'unexpected argument', typed };

  const given = command.variadic ? all : all.slice(0, command.arity);
  const container = own.container === true;
  const readsStdin = command.name === 'start' || command.name === 'delete';
  const stdin = readsStdin && !container && given.length === 1 && given[0]?.text === '-';
  const acted = stdin || container ? given : cutAtDashes(command.name, given, words, dashes);
  const apart = line.positionals.length > 0 ? positionals : null;
  const spawns = exits.has(command.name) ? null : aliasBug(command, all, apart, major);
  const places = acted.map(({ at, whole }) => (whole ? at : null));
  return { type: 'run', command: command.name, typed, args: acted.map(tokenText), places, stdin, own, spawns };
}

// Their actions end in process.exit, before commander checks for aliases.
const exits = new Set(['examples', 'install-otel', 'uninstall-otel']);

/**
 * `patchCommanderArg` of CLI.js: start and restart drop the words after `--` by searching the targets for the first
 * of them. If it is not found, indexOf's -1 drops the last target. `start` then uses the default process file.
 */
function cutAtDashes(command: string, given: Token[], words: readonly string[], dashes: number): Token[] {
  if (command !== 'start' && command !== 'restart') return given;
  const kept = dashes < 0 ? given : given.slice(0, given.map(tokenText).indexOf(words[dashes + 1] as string));
  return command === 'start' && kept.length === 0 ? [{ text: 'ecosystem.config.js', at: -1, whole: false }] : kept;
}

/**
 * After the action, commander checks the first positional again and runs `pm2-<command>` if it is an alias. It checks
 * its own array. The action shares that array unless an unknown option's word was put before it; then a variadic
 * command's array is still flat.
 * @param apart the positionals, if they differ from the action's
 */
function aliasBug(command: Command, all: Token[], apart: Token[] | null, major: Major): string | null {
  const flat = apart ?? (command.variadic ? null : all);
  const name = flat === null ? all.map(tokenText).join(',') : flat[0]?.text;
  if (name === '__proto__') return 'pm2-__proto__'; // commander uses a plain object
  // The actions of these overwrite commander's list of commands, so no alias remains.
  const emptied = command.name === 'install' || (command.name === 'module:update' && major >= 6);
  const alias = flat === null || name === undefined || emptied ? undefined : aliasedAs(name, major);
  return alias ? `pm2-${alias.name}` : null;
}

/** `Common.determineSilentCLI`: if the line has a `--`, `-s` before it switches `--silent` off. */
function isSilent(argv: readonly string[], dashes: number): boolean {
  const long = argv.indexOf('--silent');
  const short = argv.indexOf('-s');
  if (dashes < 0) return long >= 0 || short >= 0;
  return long >= 0 && long < dashes && (short < 0 || short > dashes);
}

function asksHelp(unknown: readonly Token[]): boolean {
  return unknown.some(({ text }) => text === '-h' || text === '--help');
}
