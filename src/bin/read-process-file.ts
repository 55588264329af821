import { readFileSync, writeSync } from 'node:fs';
import { closeInherited } from '../identity/descriptors.ts';
import { switchUser } from '../identity/switch-user.ts';
import { declaredApps } from '../pm2/declared-apps.ts';
import { evaluateFile, evaluateText } from '../pm2/evaluate.ts';
import type { ProcessFileRequest } from '../pm2/process-file.ts';

const ANSWER = 3;

/** Child of src/pm2/process-file.ts. Becomes the user first. Answers on descriptor 3, because the file may print. */
const { nonce, user, env, argv, source, question } = JSON.parse(readFileSync(0, 'utf8')) as ProcessFileRequest;

if (user) {
  closeInherited([ANSWER]);
  switchUser(user); // throws and so ends this process if root could be regained
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
process.env.PM2_USAGE = 'CLI'; // set first by lib/binaries/CLI.js

const config = 'text' in source ? evaluateText(source.text) : evaluateFile(source.path, source.kind);
const answer = Buffer.from(`${nonce}${JSON.stringify(declaredApps(config, question))}\n`);
for (let written = 0; written < answer.length;) {
  written += writeSync(ANSWER, answer, written);
}
process.exit();
