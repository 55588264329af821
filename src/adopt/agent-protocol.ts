import type { Identity } from '../identity/switch-user.ts';

/** What the adopter says to an agent, first and then for each piece of work: a line of JSON each, answered by one. */
export interface Hello {
  /** Whom to become; null: it is that user already. */
  become: Identity | null;
  env: Record<string, string>;
}

export interface Work {
  task: string;
  argument: unknown;
}

export type Answer = { type: 'done'; result: unknown } | { type: 'failed'; why: string };
