import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What lint costs: 1,000 files with 100,000 lines, and half and a quarter of that, each file with pm2 calls in it; and
 * one file of 10 MB.
 *
 *   npm run bench:lint
 *
 * Exit status: 0 within the budgets (5 s for 100,000 lines, cost linear in lines, 10 s for 10 MB), 1 not.
 */
const BUDGET = { milliseconds: 5000, growth: 1.5, large: 10_000 };
const COMMAND = join(import.meta.dirname, '../dist/pm2-guard.cjs');

const SCRIPT = `#!/bin/bash
set -euo pipefail
APP=myapp
log() { echo "[deploy] $*"; }
if [ "\${1:-}" = "--help" ]; then
  cat <<HELP
Usage: $0 [--help]
  restarts the app with pm2
HELP
  exit 0
fi
log "pull"
git pull --ff-only
for dir in api web; do
  (cd "$dir" && npm ci --omit=dev && npm run build)
done
if pm2 describe "$APP" > /dev/null 2>&1; then
  pm2 reload "$APP" --update-env
else
  pm2 start server.js --name "$APP"
fi
sudo -u www-data pm2 save
ssh deploy@web1 "cd /srv/app && pm2 restart $APP"
curl -fsS http://localhost:3000/health || { log "not healthy"; exit 1; }
`;

function text(lines: number): string {
  const one = SCRIPT.split('\n');
  return Array.from({ length: lines }, (_, at) => one[at % (one.length - 1)]).join('\n');
}

function timed(paths: readonly string[], cwd: string): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'lint', '--json', ...paths], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0 && status !== 1 && status !== 2) throw new Error(`lint: exit ${status ?? 'none'}\n${stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

const directory = mkdtempSync(join(tmpdir(), 'bench-lint-'));
try {
  const results = [250, 500, 1000].map((files) => {
    const place = join(directory, String(files));
    mkdirSync(place);
    for (let file = 0; file < files; file++) writeFileSync(join(place, `deploy-${file}.sh`), text(100));
    const milliseconds = Math.min(timed([place], directory), timed([place], directory));
    console.log(`${files} files, ${files * 100} lines: ${milliseconds.toFixed(0)} ms`);
    return milliseconds;
  });
  writeFileSync(join(directory, 'large.sh'), text(400_000).slice(0, 10 * 1024 * 1024 - 1));
  const large = timed(['large.sh'], directory);
  console.log(`one file of 10 MB: ${large.toFixed(0)} ms`);
  const [, half = 0, whole = 0] = results;
  const growth = whole / half / 2;
  console.log(`from 50,000 to 100,000 lines the cost of a line grows ${growth.toFixed(2)} times`);
  const within = whole <= BUDGET.milliseconds && growth <= BUDGET.growth && large <= BUDGET.large;
  process.exitCode = within ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}
