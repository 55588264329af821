import { globalOption } from './grammar.ts';
import { interpret } from './interpret.ts';
import type { Invocation, ParseContext, Start, Target } from './invocation.ts';
import { sameMeaning, sameWords } from './same-meaning.ts';
import { normalize, takeOptions, tokenText, type Occurrence, type Token } from './tokens.ts';

type Words = readonly string[];
type Thing = Target | Start;

export { sameMeaning } from './same-meaning.ts';

// Words are found by their index, never by their text. Each result is parsed again as PM2 would: if its meaning is
// not the requested one, the result is null. `context` is that of the invocation.

/**
 * The call with only some of its things. A word that is both a running app and a new script stays if either is kept.
 * @param keep members of `invocation.targets` and `invocation.starts` (the same objects)
 * @returns null if no such line exists
 */
export function withTargets(invocation: Invocation, context: ParseContext, keep: readonly Thing[]): Words | null {
  const { argv, line, targets, starts } = invocation;
  const things = [...targets, ...starts];
  if (keep.some((thing) => !things.includes(thing)) || (keep.length === 0 && things.length > 0)) return null;
  const keptPlaces = new Set(keep.map(({ at }) => at));
  const gone = new Set<number>();
  for (const thing of things) {
    if (keep.includes(thing) || (thing.at !== null && keptPlaces.has(thing.at))) continue;
    if (thing.at === null) return null;
    gone.add(thing.at);
  }
  if (gone.size === 0) return argv;
  const isKept = (at: number | null | undefined): boolean => typeof at !== 'number' || !gone.has(at);
  const expected: Invocation = {
    ...invocation,
    targets: targets.filter(({ at }) => isKept(at)),
    starts: starts.filter(({ at }) => isKept(at)),
  };
  if (
    line.type !== 'run' ||
    needsDropped(
      expected.targets,
      starts.filter(({ at }) => !isKept(at)),
    )
  )
    return null;
  expected.line = { ...line, args: line.args.filter((_, argument) => isKept(line.places[argument])) };
  const words = argv.filter((_, at) => isKept(at));
  return firstProven(invocation, context, [words], (edited) => sameMeaning(expected, edited));
}

/** `start web.js web`: the second word means the app that the first one starts. */
function needsDropped(kept: readonly Target[], dropped: readonly Start[]): boolean {
  return dropped.some((start) =>
    kept.some(({ word, at }) => (word === start.name || word === start.namespace) && (at ?? 0) > (start.at ?? 0)),
  );
}

/**
 * The call limited to these apps of its process file. Most commands read `--only` as a list. stop, delete and restart
 * from standard input compare it with one name (lib/API.js actionFromJson), and so need one command per name.
 * @param names as in the process file
 * @returns null if `--only` cannot name them: a name with a comma or a blank does not fit in a list
 */
export function withOnly(invocation: Invocation, context: ParseContext, names: Words): readonly Words[] | null {
  const kinds = new Set(invocation.targets.map(({ kind }) => kind));
  const filter = invocation.only;
  if (names.length === 0 || (kinds.has('stdin') && kinds.has('file'))) return null;
  if (filter.length > 0 && !names.every((name) => filter.includes(name))) return null;
  const { command } = invocation;
  const one = command === 'stop' || command === 'delete' || (command === 'restart' && kinds.has('stdin'));
  const unique = [...new Set(names)];
  const commands = (one ? unique.map((name) => [name]) : [unique]).map((list) => {
    const value = list.join(',');
    // PM2 finds some words, such as `log`, anywhere on the line if they stand alone.
    const lines = withInserted(invocation, ['only'], [['--only', value], [`--only=${value}`]]);
    return firstProven(
      invocation,
      context,
      lines,
      (edited) => sameMeaning(invocation, edited, ['only']) && sameWords(edited.only, list),
    );
  });
  return commands.some((words) => words === null) ? null : (commands as Words[]);
}

/**
 * The call without the global options of these attributes (`uid` for `--uid`), in every spelling and number.
 * @returns argv if there are none; null if the rest would change its meaning without them
 */
export function withoutOptions(invocation: Invocation, context: ParseContext, attrs: Words): Words | null {
  if (!optionsOf(invocation.line.words).seen.some(({ attr }) => attrs.includes(attr))) return invocation.argv;
  return firstProven(
    invocation,
    context,
    removals(invocation, attrs),
    (edited) =>
      sameMeaning(invocation, edited, attrs) && attrs.every((attr) => edited.line.options[attr] === undefined),
  );
}

/**
 * The call with this `--cwd` for all that it starts.
 * @returns null if PM2 would read anything else in another way
 */
export function withWorkingDirectory(invocation: Invocation, context: ParseContext, directory: string): Words | null {
  const expected = { ...invocation, starts: invocation.starts.map((start) => ({ ...start, cwd: directory })) };
  const lines = withInserted(invocation, ['cwd'], [['--cwd', directory], [`--cwd=${directory}`]]);
  return firstProven(
    invocation,
    context,
    lines,
    (edited) => sameMeaning(expected, edited, ['cwd']) && edited.line.options['cwd'] === directory,
  );
}

/**
 * `startup`, `unstartup` or `logrotate` for this user, this parent directory of a PM2_HOME (PM2 appends `.pm2`) and
 * this unit name, each given once.
 * @param told `hp` null: no `--hp`, so PM2_HOME decides; no `service`: `--service-name` stays
 * @returns null for other commands, and if PM2 would not read both options
 */
export function withStartup(
  invocation: Invocation,
  context: ParseContext,
  { user, hp, service }: { user: string; hp: string | null; service?: string | null },
): Words | null {
  if (invocation.startup === null && invocation.command !== 'logrotate') return null;
  const attrs = ['user', 'hp', ...(service === undefined ? [] : ['serviceName'])];
  const named = [...(hp === null ? [] : ['--hp', hp]), ...(service == null ? [] : ['--service-name', service])];
  const lines = withInserted(invocation, attrs, [['-u', user, ...named]]);
  return firstProven(invocation, context, lines, (edited) => {
    const { seen } = optionsOf(edited.line.words);
    const times = (attr: string): number => seen.filter((option) => option.attr === attr).length;
    const { options } = edited.line;
    return (
      sameMeaning(invocation, edited, attrs) &&
      options.user === user &&
      (options.hp ?? null) === hp &&
      times('user') === 1 &&
      times('hp') === (hp === null ? 0 : 1) &&
      (service === undefined ||
        ((options.serviceName ?? null) === service && times('serviceName') === (service === null ? 0 : 1)))
    );
  });
}

function firstProven(
  invocation: Invocation,
  context: ParseContext,
  lines: readonly Words[],
  meant: (edited: Invocation) => boolean,
): Words | null {
  return (
    lines.find((argv) => {
      const edited = interpret(argv, context);
      // With `--only startup` PM2 no longer connects before it acts.
      return (invocation.line.startupScan || !edited.line.startupScan) && meant(edited);
    }) ?? null
  );
}

/** The global options as commander reads them, and the index of the command. */
function optionsOf(words: Words): { tokens: Token[]; seen: Occurrence[]; command: number } {
  const tokens = normalize(words);
  const seen: Occurrence[] = [];
  const read = takeOptions(tokens, globalOption, {}, seen);
  return { tokens, seen, command: typeof read === 'string' ? -1 : (read.positionals[0]?.at ?? -1) };
}

/** The line with one of `forms` instead of the options of `attrs`. The most usual position comes first. */
function withInserted(invocation: Invocation, attrs: Words, forms: readonly Words[]): Words[] {
  return removals(invocation, attrs).flatMap((argv) => {
    // The options can end before this word, as in `-s-s`; and an option can take `--` as its value.
    const dashes = argv.indexOf('--');
    const places = [dashes < 0 ? argv.length : dashes, optionsOf(argv).command + 1, 0];
    return forms.flatMap((words) => places.map((at) => [...argv.slice(0, at), ...words, ...argv.slice(at)]));
  });
}

/**
 * The line without the options of `attrs`. An option before a removed one may take a value, as in `--watch -u web
 * app.js`, and would now take the next word. The second line therefore puts it last.
 */
function removals(invocation: Invocation, attrs: Words): Words[] {
  const { argv } = invocation;
  const { tokens, seen } = optionsOf(invocation.line.words);
  const gone = new Set<Token>();
  const values = new Set<number>();
  for (const { attr, flag, value } of seen) {
    if (value) values.add(value.at);
    if (!attrs.includes(attr)) continue;
    gone.add(flag);
    if (value) gone.add(value);
  }
  if (gone.size === 0) return [argv];
  const left = argv.map((word, at) =>
    remainder(
      word,
      tokens.filter((token) => token.at === at),
      gone,
    ),
  );
  const present = (word: string | null): word is string => word !== null;
  const dashes = argv.indexOf('--');
  const end = dashes < 0 ? argv.length : dashes;
  const beforeGap = left
    .slice(0, end)
    .map(
      (word, at) =>
        word !== null && word.startsWith('-') && !values.has(at) && (word !== argv[at] || left[at + 1] === null),
    );
  const moved = [...left.slice(0, end).filter((_, at) => !beforeGap[at]), ...left.filter((_, at) => beforeGap[at])];
  return [left.filter(present), [...moved, ...left.slice(end)].filter(present)];
}

/** The rest of one word: `-fu` without `-u` is `-f`. */
function remainder(word: string, tokens: readonly Token[], gone: ReadonlySet<Token>): string | null {
  const left = tokens.filter((token) => !gone.has(token));
  if (left.length === tokens.length) return word;
  if (left.length === 0) return null;
  return word.startsWith('--') ? left.map(tokenText).join('=') : `-${left.map(({ text }) => text.slice(1)).join('')}`;
}
