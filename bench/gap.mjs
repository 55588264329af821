// Runs inside the throwaway host: moves an app from one user's daemon to another's in two ways, in turns and in both
// directions. For each way: how long the app's port is closed, and how long the whole takes, in milliseconds.
// Plain JavaScript without imports of ours.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const { ways, port, rounds } = JSON.parse(readFileSync(0, 'utf8'));

/** Whether the port accepts a connection. */
function served() {
  return new Promise((settle) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('connect', () => { socket.destroy(); settle(true); });
    socket.on('error', () => settle(false));
  });
}

function run({ argv, env, uid, gid }) {
  return new Promise((settle, fail) => {
    let said = '';
    const child = spawn(argv[0], argv.slice(1), { env, uid, gid, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => { said += chunk; });
    child.stderr.on('data', (chunk) => { said += chunk; });
    child.on('exit', (status) => (status === 0 ? settle() : fail(new Error(`${argv.join(' ')}: ${status}\n${said}`))));
  });
}

async function measure(commands) {
  const begun = performance.now();
  let over = false;
  let last = begun; // when it was served last
  let gap = 0;
  const watching = (async () => {
    while (!over || last < ended) {
      if (await served()) {
        const now = performance.now();
        gap = Math.max(gap, now - last);
        last = now;
      }
      await sleep(2);
    }
  })();
  let ended = Infinity;
  for (const command of commands) await run(command);
  ended = performance.now();
  over = true;
  await watching;
  return { gap, whole: ended - begun };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, { gap: [], whole: [] }]));
for (let round = 0; round < rounds + 1; round++) {
  // There and back by each way, so that both find the app in either daemon.
  for (const name of Object.keys(ways)) {
    for (const direction of ways[name]) {
      const { gap, whole } = await measure(direction);
      if (round === 0) continue; // caches
      times[name].gap.push(gap);
      times[name].whole.push(whole);
    }
  }
}
const medians = Object.entries(times).map(([name, { gap, whole }]) => [
  name,
  { gap: median(gap), whole: median(whole) },
]);
process.stdout.write(JSON.stringify(Object.fromEntries(medians)));
