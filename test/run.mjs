// npm test: the tests that need no host; in half a minute, and nothing is built, installed or downloaded.
// npm cit (npm ci and npm test in one): all tests, with a build before them.
import { spawnSync } from 'node:child_process';

const everything = process.env.npm_command === 'install-ci-test';
const words = process.argv.slice(2);
if (everything) run(process.execPath, 'build.mjs');
run('vitest', 'run', ...(everything ? [] : ['--project', 'unit*']), ...words);
if (!everything) console.log('The tests on throwaway hosts: npm run test:host (as root on Linux); all: npm cit');

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  if (error !== undefined) console.error(`${command} cannot be started (${error.code}); run first:  npm ci`);
  else if (words.length > 0 && !everything) console.error('A test that needs a host:  npm run test:host -- FILE');
  process.exit(status ?? 1);
}
