import { readFileSync } from 'node:fs';
import type { DoctorFinding } from '../../src/doctor/finding.ts';
import { mend, fixPlanOf } from '../../src/doctor/mend/mend.ts';

// Repairs by findings of before, as if the second look had come a moment before the fault was exchanged: what a race
// can win at most.
const findings = JSON.parse(readFileSync(0, 'utf8')) as DoctorFinding[];
void mend(fixPlanOf(findings), findings).then((done) => {
  console.log(JSON.stringify(done));
});
