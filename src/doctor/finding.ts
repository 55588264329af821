import type { FindingCode } from './codes.ts';
import type { Pid } from '../runtime/brands.ts';
import type { Fix } from './fix.ts';
import type { DoctorFacts } from './guard-facts.ts';

/**
 * urgent: a user may be taken over, or an app lost soon; wrong: fails at the next deploy or boot; untidy: misleads.
 */
export const URGENCIES = ['urgent', 'wrong', 'untidy'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** A null part does not apply. */
export interface FindingSubject {
  home: string | null;
  app: string | null;
  pid: Pid | null;
  path: string | null;
}

export interface DoctorFinding {
  /** Stable: `PD101`. Its page is in codes.ts. */
  code: FindingCode;
  urgency: Urgency;
  what: string;
  evidence: string[];
  why: string;
  /** Commands in order, not quoted. Empty: a person has to decide. */
  repair: (readonly string[])[];
  /** What `doctor --fix` may do; null: nothing. */
  fix: Fix | null;
  /** A known trap, such as `T12`. */
  trap: string | null;
  subject: FindingSubject;
}

/** Finds one kind of fault. It reads only the facts, and does no I/O. */
export interface Check {
  name: string;
  find(facts: DoctorFacts): DoctorFinding[];
}

export function about(parts: Partial<FindingSubject>): FindingSubject {
  return { home: null, app: null, pid: null, path: null, ...parts };
}

export interface FindingPage {
  title: string;
  meaning: string;
  trap: string;
  cure: string;
}
