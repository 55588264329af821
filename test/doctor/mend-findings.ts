import { readFileSync } from 'node:fs';
import type { Finding } from '../../src/doctor/finding.ts';
import { mend, planOf } from '../../src/doctor/mend/mend.ts';

// Repairs by findings of before, as if the second look had come a moment before the fault was exchanged: what a race can win at most.
const findings = JSON.parse(readFileSync(0, 'utf8')) as Finding[];
void mend(planOf(findings), findings).then((done) => { console.log(JSON.stringify(done)); });
