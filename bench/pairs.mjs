// Runs inside the throwaway host: pairs of commands, interleaved, and of both the median time and the mean CPU time as
// JSON. Plain JavaScript without imports of ours, so that nothing but the two commands differs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { pairs, rounds, warmUps } = JSON.parse(readFileSync(0, 'utf8'));

/** proc(5): cutime and cstime, user and system time of all children that were waited for, in ticks of 10 ms. */
function childrensTicks() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

function once({ argv, env, uid, gid, cwd, status, before }) {
  if (before) spawnSync('/bin/sh', ['-c', before], { stdio: 'ignore' });
  const ticks = childrensTicks();
  const start = process.hrtime.bigint();
  const options = { env, uid, gid, cwd, stdio: ['ignore', 'ignore', 'pipe'] };
  const { status: got, error, stderr } = spawnSync(argv[0], argv.slice(1), options);
  const wall = Number(process.hrtime.bigint() - start) / 1e6;
  if (error || got !== (status ?? 0)) throw new Error(`${argv.join(' ')}: status ${got}, ${error ?? ''}${stderr}`);
  return { wall, cpu: (childrensTicks() - ticks) * 10 };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
// Each is rounded to a tick, the sum is not.
const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;

/** The shorter a call, the more of it is the machine's own noise, and the less it costs to ask again. */
const LONG_MS = 120;

const results = pairs.map(({ ours, theirs }) => {
  const warm = Array.from({ length: warmUps }, () => once(ours).wall + once(theirs).wall);
  const times = { ours: [], theirs: [] };
  const enough = Math.round(rounds * Math.max(1, LONG_MS / (median(warm) / 2)));
  for (let i = 0; i < enough; i++) {
    // The second finds warmer caches: take turns.
    const order = i % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours'];
    for (const side of order) times[side].push(once(side === 'ours' ? ours : theirs));
  }
  const of = (side, what) => times[side].map((time) => time[what]);
  return {
    ours: median(of('ours', 'wall')), theirs: median(of('theirs', 'wall')),
    cpu: mean(of('ours', 'cpu')) / mean(of('theirs', 'cpu')),
  };
});
process.stdout.write(JSON.stringify(results));
