import type { Form, User } from '../model.ts';
import type { ParsedWord } from './words.ts';

/** The effect of a program that changes the user. */
export interface Became {
  user: User | null;
  /** The exported variables that are kept. */
  keeps: 'all' | readonly string[];
  sets: readonly { name: string; word: ParsedWord }[];
  forms: readonly Form[];
  /** The command that follows; empty: a shell that reads its standard input. */
  rest: readonly ParsedWord[];
  script: ParsedWord | null;
  /** HOME stays the caller's, or is not set. */
  foreignHome: boolean;
  /** The command starts in another directory, such as the user's home directory. */
  leaves: boolean;
}

export type Become = (words: readonly ParsedWord[]) => Became | null;

/** What most of these programs do. */
export const plain = { keeps: [], sets: [], forms: [], script: null, foreignHome: false, leaves: false } as const;

export function userNamed(word: ParsedWord | null | undefined, said: string): User {
  if (!word) return { kind: 'known', name: 'root', said };
  const name = word.text.replace(/:.*$/, '');
  return word.certain && name !== '' ? { kind: 'known', name, said } : { kind: 'variable', text: word.text, said };
}
