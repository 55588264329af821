import { isRecord } from '../pm2/record.ts';
import type { Identity } from '../identity/switch-user.ts';

/** The first line sent to an agent. Requests follow, one line of JSON each. Answers come in any order. */
export interface Hello {
  /** The user to become; null: the process already runs as that user. */
  become: Identity | null;
  env: Record<string, string>;
}

export interface Work {
  /** Also the id of the answer. A slow request does not block the next. */
  id: number;
  task: string;
  argument: unknown;
}

/** An answer from a line of an agent, which runs as another user. Null: it is none. */
export function answerIn(line: string): AgentAnswer | null {
  try {
    const answer: unknown = JSON.parse(line);
    return isRecord(answer) && typeof answer.id === 'number' ? (answer as unknown as AgentAnswer) : null;
  } catch {
    return null;
  }
}

export type AgentAnswer = { id: number } & ({ type: 'done'; result: unknown } | { type: 'failed'; why: string });
