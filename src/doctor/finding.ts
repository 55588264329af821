import type { Fix } from './fix.ts';
import type { DoctorFacts } from './guard-facts.ts';

/**
 * urgent: somebody may take over a user, or an app is lost soon; wrong: it bites at the next deploy or boot; untidy:
 * it misleads.
 */
export const URGENCIES = ['urgent', 'wrong', 'untidy'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** What a finding is about; null: not about one of these. */
export interface FindingSubject {
  /** PM2_HOME of the daemon. */
  home: string | null;
  /** Name of the app. */
  app: string | null;
  pid: number | null;
  /** A file. */
  path: string | null;
}

/** Something that is wrong on this host. */
export interface DoctorFinding {
  /** Stable, with a page in codes.ts: `PD101`. */
  code: string;
  urgency: Urgency;
  /** One line. */
  what: string;
  /** What was seen, a line each. */
  evidence: string[];
  /** Why it matters, in a sentence. */
  why: string;
  /**
   * Commands that repair it, one after the other, as words: quoted only where they are shown. Empty: a person has to
   * decide.
   */
  repair: (readonly string[])[];
  /** What `doctor --fix` may do by itself; null: nothing. */
  fix: Fix | null;
  /** The trap behind it, `T12`; null: none of the known ones. */
  trap: string | null;
  subject: FindingSubject;
}

/** Looks at the facts for one kind of fault. Pure: all there is to see is in the facts. */
export interface Check {
  name: string;
  find(facts: DoctorFacts): DoctorFinding[];
}

/** What a finding is about, from the parts that there are. */
export function about(parts: Partial<FindingSubject>): FindingSubject {
  return { home: null, app: null, pid: null, path: null, ...parts };
}
