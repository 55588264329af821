import type { Identity } from '../identity/switch-user.ts';

/**
 * What the adopter says to an agent: first this, then pieces of work, a line of JSON each. Work is answered as it gets
 * done.
 */
export interface Hello {
  /** Whom to become; null: it is that user already. */
  become: Identity | null;
  env: Record<string, string>;
}

export interface Work {
  /** Of the answer, too: a slow piece does not hold up the next. */
  id: number;
  task: string;
  argument: unknown;
}

export type AgentAnswer = { id: number } & ({ type: 'done'; result: unknown } | { type: 'failed'; why: string });
