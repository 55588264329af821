import { checks } from './checks.ts';
import { about, URGENCIES, type Check, type DoctorFinding } from './finding.ts';
import { onThisHost } from '../terminal/root-command.ts';
import type { DoctorFacts } from './guard-facts.ts';

/** Sorted by urgency, then by code, then by check. */
export function examine(facts: DoctorFacts, all: readonly Check[] = checks): DoctorFinding[] {
  const rank = ({ urgency, code }: DoctorFinding) => `${URGENCIES.indexOf(urgency)}${code}`;
  return all.flatMap((check) => run(check, facts)).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

/** A check that throws becomes a finding, so the other checks still report. */
function run(check: Check, facts: DoctorFacts): DoctorFinding[] {
  try {
    return check.find(facts).map((finding) => ({ ...finding, repair: finding.repair.map(onThisHost) }));
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
