// Runs inside the throwaway host: pairs of commands, interleaved, and the medians of both as JSON. Plain JavaScript without
// imports of ours, so that nothing but the two commands differs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';

const { pairs, rounds, warmUps } = JSON.parse(readFileSync(0, 'utf8'));

// Policies that take turns: the config and what was compiled from it, moved into place as whole directories, so that the files
// stay what they were.
function put(policy) {
  if (policy === undefined) return;
  for (const place of ['/etc/pm2-guard', '/var/lib/pm2-guard']) {
    if (!existsSync(`${place}.${policy}`)) continue; // it is in place
    renameSync(place, `${place}.${policy === 'small' ? 'large' : 'small'}`);
    renameSync(`${place}.${policy}`, place);
  }
}

function once({ argv, env, uid, gid, cwd, status, policy }) {
  put(policy);
  const start = process.hrtime.bigint();
  const { status: got, error, stderr } = spawnSync(argv[0], argv.slice(1), { env, uid, gid, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (error || got !== (status ?? 0)) throw new Error(`${argv.join(' ')}: status ${got}, ${error ?? ''}${stderr}`);
  return ms;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** The shorter a call, the more of it the machine's own unrest is, and the less it costs to ask again. */
const LONG_MS = 120;

const results = pairs.map(({ name, ours, theirs }) => {
  const warm = Array.from({ length: warmUps }, () => once(ours) + once(theirs));
  const times = { ours: [], theirs: [] };
  const enough = Math.round(rounds * Math.max(1, LONG_MS / (median(warm) / 2)));
  for (let i = 0; i < enough; i++) {
    // Whoever goes second finds warmer caches: take turns.
    const order = i % 2 === 0 ? ['ours', 'theirs'] : ['theirs', 'ours'];
    for (const side of order) times[side].push(once(side === 'ours' ? ours : theirs));
  }
  return { name, ours: median(times.ours), theirs: median(times.theirs) };
});
process.stdout.write(JSON.stringify(results));
