import type { Syntax } from '../shell/grammar.ts';

/** A piece of the fish text that stands for something else in bash. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

/** A translation under way. */
export interface Translation {
  /** All of the fish text. */
  text: string;
  /** Variables that hold several values somewhere: arrays in bash. */
  lists: ReadonlySet<string>;
  change: (start: number, end: number, text: string) => void;
  /** Translates the statements inside of a word: those of a command substitution. */
  statements: (nodes: readonly Syntax[]) => void;
}
