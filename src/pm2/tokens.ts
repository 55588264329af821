import { globalOption, type Option } from './grammar.ts';

/** By attribute (`maxRestarts`); only given options. */
export type Options = Record<string, string | boolean | string[] | undefined>;

/** A word as commander sees it. */
export interface Token {
  text: string;
  /** The index in argv of its word. */
  at: number;
  /** It is the whole word. */
  whole: boolean;
}

export const tokenText = ({ text }: Token): string => text;

/**
 * commander's `normalize`: `-ab` is `-a -b`, `--a=b` is `--a b`, except right after a global option that needs a
 * value. It checks the word before as typed, even if that is itself a value.
 * @param words argv, with `log` replaced (`CommandLine.words`)
 */
export function normalize(words: readonly string[]): Token[] {
  const line: Token[] = [];
  for (const [at, word] of words.entries()) {
    if (word === '--') {
      return line.concat(words.slice(at).map((text, after) => ({ text, at: at + after, whole: true })));
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const isValue = at > 0 && globalOption(words[at - 1] as string)?.value === 'required';
    if (isValue) line.push({ text: word, at, whole: true });
    else if (word.length > 1 && word.startsWith('-') && word[1] !== '-') {
      for (const letter of word.slice(1).split('')) line.push({ text: `-${letter}`, at, whole: word.length === 2 });
    } else if (equals >= 0) {
      line.push({ text: word.slice(0, equals), at, whole: false }, { text: word.slice(equals + 1), at, whole: false });
    } else line.push({ text: word, at, whole: true });
  }
  return line;
}

export interface Occurrence {
  attr: string;
  flag: Token;
  value: Token | null;
}

/**
 * commander's `parseOptions`. A word after an unknown option is kept with it, for the command to interpret.
 * @param into receives the options, by attribute
 * @param seen receives each known option, in order
 */
export function takeOptions(
  line: readonly Token[],
  known: (flag: string) => Option | undefined,
  into: Options,
  seen?: Occurrence[],
): { positionals: Token[]; unknown: Token[] } | 'version' | 'missing value' {
  const positionals: Token[] = [];
  const unknown: Token[] = [];
  for (let at = 0; at < line.length; at++) {
    const token = line[at] as Token;
    const word = token.text;
    if (word === '--') return { positionals: positionals.concat(line.slice(at + 1)), unknown };
    const following = line[at + 1];
    const next = following?.text;
    const option = known(word);
    if (option) {
      if (option.attr === 'version') return 'version';
      if (option.value === 'required' && next === undefined) return 'missing value';
      const optional = option.value === 'optional' && next !== undefined && (!next.startsWith('-') || next === '-');
      const taken = option.value === 'required' || optional;
      if (taken) at++;
      assign(option, taken ? (next as string) : null, into);
      seen?.push({ attr: option.attr, flag: token, value: taken ? (following as Token) : null });
    } else if (word.length > 1 && word.startsWith('-')) {
      unknown.push(token);
      if (next !== undefined && !next.startsWith('-')) unknown.push(line[++at] as Token);
    } else {
      positionals.push(token);
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
    into[attr] ??= !option.negated; // an option repeated without its value keeps the value
  }
}
