import type { Argument, Command, Option } from 'commander';

export interface CompletionCandidate {
  word: string;
  /** A one-line description; empty: the word is clear enough. */
  about: string;
}

export interface Completion {
  candidates: readonly CompletionCandidate[];
  /** The shell should offer file names too. */
  files: boolean;
}

/**
 * The values of a placeholder on this host, by its name in the help: `app`, `apps`, `user`, `daemon`, `where`,
 * `words`.
 * @param before the words already typed for an argument that takes several
 * @param dashes a `--` stands before it
 */
export type Values = (
  placeholder: string,
  before: readonly string[],
  dashes: boolean,
) => readonly CompletionCandidate[];

/** Placeholders that may or must be a file or directory. */
const FILES = ['file', 'where', 'path'];

const NOTHING: Completion = { candidates: [], files: false };

/**
 * What can be typed next: commands, options, choices and placeholders of the commander program.
 * @param words after the program's name, unquoted by the shell; the last one is being typed and may be empty
 */
export function complete(program: Command, words: readonly string[], values: Values): Completion {
  const word = words.at(-1) ?? '';
  const { candidates, files } = expected(program, words.slice(0, -1), word, values);
  return { candidates: candidates.filter((candidate) => candidate.word.startsWith(word)), files };
}

function expected(program: Command, before: readonly string[], word: string, values: Values): Completion {
  let command = program;
  let dashes = false;
  let awaiting: Option | null = null;
  let hasValue = false; // of `awaiting`; a variadic option may take more
  const used = new Set<Option>();
  const given: string[] = [];
  for (const one of before) {
    if (awaiting !== null && !(hasValue && one.startsWith('-'))) {
      hasValue = awaiting.variadic;
      if (!hasValue) awaiting = null;
      continue;
    }
    awaiting = null;
    if (!dashes && one === '--') {
      dashes = true;
      continue;
    }
    if (!dashes && one.startsWith('-')) {
      const option = optionOf(command, one.split('=', 1)[0] ?? '');
      if (option !== undefined) used.add(option);
      if (option?.required === true && !one.includes('=')) [awaiting, hasValue] = [option, false];
      continue;
    }
    const next: Command | undefined =
      given.length > 0 ? undefined : command.commands.find((sub) => sub.name() === one || sub.aliases().includes(one));
    if (next === undefined) given.push(one);
    else command = next;
  }
  if (awaiting !== null && !(hasValue && word.startsWith('-'))) return ofOption(awaiting, values);
  if (!dashes && word.startsWith('-')) return optionOrValue(command, word, used, values);
  return ofPosition(command, given, dashes, values);
}

/** `--verdict` or `--verdict=bl`. */
function optionOrValue(command: Command, word: string, used: ReadonlySet<Option>, values: Values): Completion {
  const equals = word.indexOf('=');
  if (equals < 0) return { candidates: optionsLeft(command, used), files: false };
  const flag = word.slice(0, equals);
  const option = optionOf(command, flag);
  if (option === undefined || (!option.required && !option.optional)) return NOTHING;
  const { candidates, files } = ofOption(option, values);
  return { candidates: candidates.map((candidate) => ({ ...candidate, word: `${flag}=${candidate.word}` })), files };
}

function optionsLeft(command: Command, used: ReadonlySet<Option>): CompletionCandidate[] {
  const names = new Set([...used].map((option) => option.attributeName()));
  const conflicting = (option: Option): boolean =>
    [...used].some((other) => conflictsOf(other).includes(option.attributeName())) ||
    conflictsOf(option).some((name) => names.has(name));
  return visibleOptions(command)
    .filter((option) => isRepeatable(option) || (!names.has(option.attributeName()) && !conflicting(option)))
    .map((option) => ({ word: option.long ?? option.short ?? '', about: option.description }));
}

function isRepeatable({ variadic, defaultValue }: Option): boolean {
  return variadic || Array.isArray(defaultValue);
}

/** The field of `Option.conflicts`; commander's types omit it. */
function conflictsOf(option: Option): string[] {
  return (option as Option & { conflictsWith?: string[] }).conflictsWith ?? [];
}

function ofPosition(command: Command, given: readonly string[], dashes: boolean, values: Values): Completion {
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[given.length] ?? (last?.variadic === true ? last : undefined);
  if (argument !== undefined)
    return ofArgument(argument, given.slice(registeredArguments.indexOf(argument)), dashes, values);
  // The arguments of the program itself and of its `help` are commands.
  const commands =
    given.length === 0 || (command.parent === null && given.length === 1 && given[0] === 'help')
      ? commandsOf(command)
      : [];
  return { candidates: commands, files: false };
}

function commandsOf(command: Command): CompletionCandidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ word: sub.name(), about: sub.description() }));
}

function ofArgument(argument: Argument, before: readonly string[], dashes: boolean, values: Values): Completion {
  return argument.argChoices === undefined
    ? ofPlaceholder(argument.name(), before, dashes, values)
    : { candidates: argument.argChoices.map(plain), files: false };
}

function ofOption(option: Option, values: Values): Completion {
  if (option.argChoices !== undefined) return { candidates: option.argChoices.map(plain), files: false };
  return ofPlaceholder(/[<[]([^>\].]+)/.exec(option.flags)?.[1] ?? '', [], false, values);
}

function ofPlaceholder(placeholder: string, before: readonly string[], dashes: boolean, values: Values): Completion {
  return { candidates: values(placeholder, before, dashes), files: FILES.includes(placeholder) };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return visibleOptions(command).find(({ long, short }) => long === flag || short === flag);
}

/** With --help, which commander only adds as it prints. */
function visibleOptions(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

function plain(word: string): CompletionCandidate {
  return { word, about: '' };
}
