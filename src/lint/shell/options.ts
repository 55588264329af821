import type { ParsedWord } from './words.ts';

/** The options with a value: the letters of short ones, and the long ones. */
export interface OptionTable {
  letters: string;
  long: readonly string[];
}

export interface ReadOptions {
  /** By letter or long name; null: a flag. */
  values: Map<string, ParsedWord | null>;
  /** Each option in order, for those that may be repeated. */
  all: readonly { name: string; value: ParsedWord | null }[];
  rest: readonly ParsedWord[];
}

/** The end of a word; its characters keep their positions. */
export function tail(word: ParsedWord, from: number): ParsedWord {
  const origin = word.origin.slice(from, word.text.length);
  return { ...word, text: origin.text, origin };
}

/** The options before the first other word, as getopt_long(3) reads them with POSIXLY_CORRECT. */
export function readOptions(words: readonly ParsedWord[], { letters, long }: OptionTable): ReadOptions {
  const all: { name: string; value: ParsedWord | null }[] = [];
  const take = (name: string, value: ParsedWord | null | undefined) => all.push({ name, value: value ?? null });
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as ParsedWord;
    const { text } = word;
    if (text === '--') {
      at++;
      break;
    }
    if (!text.startsWith('-') || text === '-') break;
    if (text.startsWith('--')) {
      const equals = text.indexOf('=');
      const name = equals < 0 ? text.slice(2) : text.slice(2, equals);
      if (equals >= 0) take(name, tail(word, equals + 1));
      else take(name, long.includes(name) ? words[++at] : null);
      continue;
    }
    for (let index = 1; index < text.length; index++) {
      const letter = text.charAt(index);
      if (!letters.includes(letter)) {
        take(letter, null);
        continue;
      }
      take(letter, index + 1 < text.length ? tail(word, index + 1) : words[++at]);
      break;
    }
  }
  return { values: new Map(all.map(({ name, value }) => [name, value])), all, rest: words.slice(at) };
}
