import parse from 'shell-quote/parse.js';
import { passageOf, systemProgram, type Passage } from './wrappers.ts';

/** A call of pm2 inside the words that sudo runs. */
export interface Payload {
  /** The word that names pm2, as typed: `pm2`, or an absolute path. */
  pm2: string;
  /** The words behind it. */
  argv: string[];
  /** What runs it, as typed, without shells and without an `env` that only sets variables: `nice -n 5`. */
  wrappers: string[];
  /** Variables of such an `env`, and of `sh -c 'A=1 pm2'`. */
  assignments: { name: string; value: string }[];
  /** All that is done to the environment, by `assignments` and `wrappers`, in order; `null`: taken away. */
  sets: Passage['sets'];
  /** `env -i`: of the environment only `sets` is left. */
  cleared: boolean;
}

/** A wrapper and its own words. */
interface Layer {
  words: string[];
  passage: Passage;
}

/**
 * Looks for the pm2 call in a command: behind env, nice and their like, and in a `sh -c` payload that is one plain
 * command.
 *
 * @returns null where it is no call of pm2, or where not every word is understood
 */
export function payloadOf(words: readonly string[]): Payload | null {
  const layers: Layer[] = [];
  const call = unwrap(words, layers);
  if (call === null) return null;
  // Where all that is done to the environment is to set variables, sudo can do it as well: VAR=value needs no right to
  // run env.
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

/** `pm2`, or an absolute path that ends so. What a relative path leads to is somebody's own. */
function namesPm2(word: string): boolean {
  return word === 'pm2' || (word.startsWith('/') && word.endsWith('/pm2'));
}

/** Behind `-c TEXT`, perhaps with -e and -u, which change nothing for a single command; and no words behind it. */
function shellWords([option = '', text, ...others]: readonly string[]): string[] | null {
  if (!/^-[eu]*c$/.test(option) || text === undefined || others.length > 0) return null;
  const words = plainWords(text);
  // Assignments before a command are env's to a shell that does nothing else.
  return words !== null && /^[A-Za-z_]\w*=/.test(words[0] ?? '') ? ['env', ...words] : words;
}

/** The words of a shell command that is nothing but words and quotes; null: it is more than that. */
export function plainWords(text: string): string[] | null {
  // Of what is left the shell-quote parser and every shell make the same words.
  if (/[^ -~\u00c0-\u024f]|[$`\\!{}*?[\]~#;&|<>()]/.test(text) || !/^(?:[^'"]|'[^']*'|"[^"]*")*$/.test(text))
    return null;
  const words = parse(text);
  return words.every((word) => typeof word === 'string') ? words : null;
}
