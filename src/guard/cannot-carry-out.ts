import type { Code } from '../verdict/codes.ts';
import type { Advice } from '../verdict/verdict.ts';

/** Nothing was run. */
export class CannotCarryOut extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly details: string[] = [],
    readonly advice: Advice[] = [],
  ) {
    super(message);
    this.name = 'CannotCarryOut';
  }
}
