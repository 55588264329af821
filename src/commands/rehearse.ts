import { examine } from '../doctor/doctor.ts';
import { gatherDoctorFacts } from '../doctor/guard-facts.ts';
import { reportOf } from '../doctor/report.ts';
import { reportText } from '../doctor/text.ts';
import { createProgram } from './program.ts';

/**
 * Inspects the host as doctor does, without output. src/bin/warm.ts uses it, because V8 caches the code of
 * functions that have run.
 */
export async function rehearseCommands(): Promise<void> {
  createProgram();
  const facts = await gatherDoctorFacts();
  reportText(reportOf(facts, examine(facts)), facts, { width: null, colour: false });
}
