import { globalOption } from './grammar.ts';
import { interpret } from './interpret.ts';
import type { Invocation, ParseContext, Start, Target } from './invocation.ts';
import { sameMeaning, sameWords } from './same-meaning.ts';
import { normalize, takeOptions, tokenText, type Occurrence, type Token } from './tokens.ts';

type Words = readonly string[];
type Thing = Target | Start;

export { sameMeaning } from './same-meaning.ts';

// Words are found by their place, never by their text. Each result is read again as PM2 would read it: where it does
// not mean what was asked, the result is null. `context` is what the invocation was interpreted with.

/**
 * The call with only some of its things; all other words as typed. A word that is both the name of a running app and a
 * new script counts as kept where either is.
 *
 * @param keep members of `invocation.targets` and `invocation.starts` (the same objects)
 * @returns null where no such line exists
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

/** `start web.js web`: the second word means the app that the first word has started. */
function needsDropped(kept: readonly Target[], dropped: readonly Start[]): boolean {
  return dropped.some((start) =>
    kept.some(({ word, at }) => (word === start.name || word === start.namespace) && (at ?? 0) > (start.at ?? 0)),
  );
}

/**
 * The call about only these apps of its process file. To most commands `--only` is a list. stop, delete and a restart
 * from standard input compare it with one name (lib/API.js actionFromJson): that takes a command for each name.
 *
 * @param names as the process file has them
 * @returns null where `--only` cannot name them: a list cannot hold a name with a comma or a blank
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
    // PM2 looks for some words, such as `log`, wherever they stand as a word of their own.
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
 * The call without its global options of these attributes (`uid` for `--uid`), in whatever spelling and however often.
 *
 * @returns argv where there are none; null where the rest would not mean the same without them
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
 * `startup`, `unstartup` or `logrotate` for this user and this parent directory of a PM2_HOME (PM2 appends `.pm2`),
 * and this name of its boot unit, each said once.
 *
 * @param told `hp` null: no `--hp`, so that PM2_HOME decides; `service` left out: `--service-name` stays as it is
 * @returns null for other commands, and where PM2 would not read both options
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

/** The global options as commander reads them, and the place of the command. */
function optionsOf(words: Words): { tokens: Token[]; seen: Occurrence[]; command: number } {
  const tokens = normalize(words);
  const seen: Occurrence[] = [];
  const read = takeOptions(tokens, globalOption, {}, seen);
  return { tokens, seen, command: typeof read === 'string' ? -1 : (read.positionals[0]?.at ?? -1) };
}

/** The line with one of `forms` instead of the options of `attrs`. The most usual place comes first. */
function withInserted(invocation: Invocation, attrs: Words, forms: readonly Words[]): Words[] {
  return removals(invocation, attrs).flatMap((argv) => {
    // The options can end before this word, as in `-s-s`; and an option can take `--` for its value.
    const dashes = argv.indexOf('--');
    const places = [dashes < 0 ? argv.length : dashes, optionsOf(argv).command + 1, 0];
    return forms.flatMap((words) => places.map((at) => [...argv.slice(0, at), ...words, ...argv.slice(at)]));
  });
}

/**
 * The line without options of `attrs`. Where one stood between an option that may have a value and a word, as in
 * `--watch -u web app.js`, the option would now take the word: in the second line it stands last.
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

/** What stays of one word: of `-fu` without `-u` it is `-f`. */
function remainder(word: string, tokens: readonly Token[], gone: ReadonlySet<Token>): string | null {
  const left = tokens.filter((token) => !gone.has(token));
  if (left.length === tokens.length) return word;
  if (left.length === 0) return null;
  return word.startsWith('--') ? left.map(tokenText).join('=') : `-${left.map(({ text }) => text.slice(1)).join('')}`;
}
