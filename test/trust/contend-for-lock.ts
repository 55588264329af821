import { closeSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { lock } from '../../src/trust/lock.ts';

// Takes a lock as often as it can, and leaves a stale one in its place each time. Says how often another process held
// it as well.
const [, , file = '', milliseconds = ''] = process.argv;
const until = Date.now() + Number(milliseconds);
let held = 0;
let shared = 0;
while (Date.now() < until) {
  const release = lock(file);
  if (typeof release === 'number') continue;
  held++;
  try {
    closeSync(openSync(`${file}.held`, 'wx'));
  } catch {
    shared++;
    continue;
  }
  for (const end = performance.now() + 0.2; performance.now() < end;);
  rmSync(`${file}.held`, { force: true });
  release();
  try {
    symlinkSync('4194304 1', file);
  } catch {
    // another process was faster
  }
}
console.log(JSON.stringify({ held, shared }));
