import { readFileSync, writeSync } from 'node:fs';
import { closeInherited } from '../identity/descriptors.ts';
import { switchUser } from '../identity/switch-user.ts';
import { declaredApps } from '../pm2/declared-apps.ts';
import { evaluateFile, evaluateText } from '../pm2/evaluate.ts';
import type { ProcessFileRequest } from '../pm2/process-file.ts';

/** Descriptor for the answer. */
const ANSWER = 3;

/**
 * A child (dist/read-process-file.cjs) evaluates a process file as its user. It answers on descriptor 3, because the
 * file may print. Started by src/pm2/process-file.ts.
 */
const { nonce, user, env, argv, source, question } = JSON.parse(readFileSync(0, 'utf8')) as ProcessFileRequest;

if (user) {
  closeInherited([ANSWER]);
  switchUser(user); // throws, and with it ends this process, where there would be a way back
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
}
try {
  process.chdir(question.from);
} catch {
  // closed to the user, or deleted: relative paths still resolve in it
}
// Some files test their arguments: `process.argv.includes('--env')`.
process.argv.splice(1, Infinity, ...argv);
process.env.PM2_USAGE = 'CLI'; // set by lib/binaries/CLI.js before anything else

const config = 'text' in source ? evaluateText(source.text) : evaluateFile(source.path, source.kind);
const answer = Buffer.from(`${nonce}${JSON.stringify(declaredApps(config, question))}\n`);
for (let written = 0; written < answer.length;) {
  written += writeSync(ANSWER, answer, written);
}
process.exit();
