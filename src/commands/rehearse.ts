import { examine } from '../doctor/doctor.ts';
import { gatherDoctorFacts } from '../doctor/guard-facts.ts';
import { reportOf } from '../doctor/report.ts';
import { reportText } from '../doctor/text.ts';
import { createProgram } from './program.ts';

/**
 * Looks at the host as doctor does, and says nothing of it. For src/guard/warm.ts: V8 keeps the compiled form of what
 * has run.
 */
export async function rehearseCommands(): Promise<void> {
  createProgram();
  const facts = await gatherDoctorFacts();
  reportText(reportOf(facts, examine(facts)), facts, { width: null, colour: false });
}
