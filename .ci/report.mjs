// Counts what the test runner recorded. `failed` prints the files with a failure instead, one a line.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [first, again] = ['.cache/vitest.json', '.cache/again.json'].map((file) =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : null,
);
const nameOf = ({ name }) => relative(process.cwd(), name);
// A file that could not be loaded has no tests that fail.
const failedIn = (results) => (results ?? []).filter(({ status }) => status === 'failed');

if (process.argv[2] === 'failed') {
  for (const one of failedIn(first)) console.log(nameOf(one));
  process.exit(0);
}

const repeated = new Map((again ?? []).map((one) => [nameOf(one), one]));
const results = (first ?? []).map((one) => repeated.get(nameOf(one)) ?? one);
for (const one of failedIn(first)) {
  const alone = repeated.get(nameOf(one));
  const names = one.assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const byItself = alone?.status === 'passed' ? ', passed by itself' : ', failed by itself too';
  const outcome = alone === undefined ? '' : byItself;
  console.log(`FAILED beside the other tests${outcome}: ${nameOf(one)}: ${names.join('; ') || one.message}`);
}
const tests = results.flatMap(({ assertionResults }) => assertionResults);
const count = (...states) => tests.filter(({ status }) => states.includes(status)).length;
const passed = count('passed');
const skipped = count('pending', 'skipped', 'todo', 'disabled');
const failed = first === null ? 1 : Math.max(count('failed'), failedIn(results).length);
if (first === null) console.log('the test runner left no result');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || skipped > 0 || passed === 0 ? 1 : 0;
