import type { Syntax } from '../shell/grammar.ts';

/** A piece of the fish text that becomes other bash text. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

export interface Translation {
  text: string;
  /** Variables that hold several values somewhere: arrays in bash. */
  lists: ReadonlySet<string>;
  change: (start: number, end: number, text: string) => void;
  /** Translates the statements of a command substitution. */
  statements: (nodes: readonly Syntax[]) => void;
}
