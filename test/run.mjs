// npm test: the tests that need no host; in seconds, and nothing is built, installed or downloaded.
// npm cit (npm ci and npm test in one): all tests, with a build before them.
import { spawnSync } from 'node:child_process';

const everything = process.env.npm_command === 'install-ci-test';
const run = (command, ...words) => {
  const { status } = spawnSync(command, words, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
if (everything) run(process.execPath, 'build.mjs');
run('vitest', 'run', ...(everything ? [] : ['--project', 'unit']), ...process.argv.slice(2));
if (!everything) console.log('The tests on throwaway hosts: npm run test:host (as root on Linux); all: npm cit');
