import parse from 'shell-quote/parse.js';
import { passageOf, systemProgram, type Passage } from './wrappers.ts';

export interface Payload {
  pm2: string;
  argv: string[];
  /** Such as `nice -n 5`; without shells and without an `env` that only sets variables. */
  wrappers: string[];
  assignments: { name: string; value: string }[];
  /** All changes to the environment, in order; null: unset. */
  sets: Passage['sets'];
  cleared: boolean;
}

interface Layer {
  words: string[];
  passage: Passage;
}

/** Finds pm2 behind env, nice and so on, and in a simple `sh -c`. Null: no pm2 call, or not fully understood. */
export function payloadOf(words: readonly string[]): Payload | null {
  const layers: Layer[] = [];
  const call = unwrap(words, layers);
  if (call === null) return null;
  // If only variables are set, use sudo's VAR=value: it needs no right to run env.
  const plain = layers.every(({ passage: { cleared, sets } }) => !cleared && sets.every(({ value }) => value !== null));
  const isEnv = ({ words: [name = ''] }: Layer) => systemProgram(name) === 'env';
  let sets: Passage['sets'] = [];
  for (const { passage } of layers) sets = passage.cleared ? passage.sets : [...sets, ...passage.sets];
  return {
    ...call,
    sets,
    cleared: layers.some(({ passage }) => passage.cleared),
    wrappers: layers.filter((layer) => !plain || !isEnv(layer)).flatMap((layer) => layer.words),
    assignments: plain ? sets.map(({ name, value }) => ({ name, value: value ?? '' })) : [],
  };
}

function unwrap(words: readonly string[], layers: Layer[]): { pm2: string; argv: string[] } | null {
  const [program = '', ...rest] = words;
  if (namesPm2(program)) return { pm2: program, argv: rest };
  const name = systemProgram(program);
  if (name === null) return null;
  if (/^(sh|bash|dash)$/.test(name)) {
    const inner = shellWords(rest);
    return inner === null ? null : unwrap(inner, layers);
  }
  const passage = passageOf(name, rest);
  if (passage === null) return null;
  layers.push({ words: [program, ...rest.slice(0, passage.own)], passage });
  return unwrap(rest.slice(passage.own), layers);
}

/** A relative path may lead to any program. */
function namesPm2(word: string): boolean {
  return word === 'pm2' || (word.startsWith('/') && word.endsWith('/pm2'));
}

/** `-c TEXT`, also with -e and -u, which do not affect a single command. */
function shellWords([option = '', text, ...others]: readonly string[]): string[] | null {
  if (!/^-[eu]*c$/.test(option) || text === undefined || others.length > 0) return null;
  const words = plainWords(text);
  // A shell's assignments before a command act like env's.
  return words !== null && /^[A-Za-z_]\w*=/.test(words[0] ?? '') ? ['env', ...words] : words;
}

/** Null unless the text is only plain words and quotes. */
export function plainWords(text: string): string[] | null {
  // shell-quote and every shell split the remaining texts alike.
  if (/[^ -~\u00c0-\u024f]|[$`\\!{}*?[\]~#;&|<>()]/.test(text) || !/^(?:[^'"]|'[^']*'|"[^"]*")*$/.test(text))
    return null;
  const words = parse(text);
  return words.every((word) => typeof word === 'string') ? words : null;
}
