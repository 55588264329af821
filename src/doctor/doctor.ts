import { checks } from './checks.ts';
import { about, URGENCIES, type Check, type DoctorFinding } from './finding.ts';
import type { DoctorFacts } from './guard-facts.ts';

/** All findings, most dangerous first; of equal ones in the order of their codes, then of the checks. */
export function examine(facts: DoctorFacts, all: readonly Check[] = checks): DoctorFinding[] {
  const rank = ({ urgency, code }: DoctorFinding) => `${URGENCIES.indexOf(urgency)}${code}`;
  return all.flatMap((check) => run(check, facts)).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** A check that crashes is a result, and no reason to keep the others' from anybody. */
function run(check: Check, facts: DoctorFacts): DoctorFinding[] {
  try {
    return check.find(facts);
  } catch (error) {
    return [
      {
        code: 'PD001',
        urgency: 'wrong',
        what: `the check "${check.name}" failed`,
        evidence: (error instanceof Error ? (error.stack ?? error.message) : String(error))
          .split('\n')
          .slice(0, 4)
          .map((line) => line.trim()),
        why: 'What it looks for was not looked for.',
        repair: [],
        fix: null,
        trap: null,
        subject: about({}),
      },
    ];
  }
}
