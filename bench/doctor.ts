import Table from 'cli-table3';
import { fetchAndBuild } from '../test/harness/setup.ts';
import { createHost, type Host } from '../test/harness/host.ts';

/**
 * What doctor costs on hosts of 5, 20 and 80 daemons with 25 apps each, on its own and against what people do today:
 * `pm2 jlist` as each of the users in turn. On a throwaway host, interleaved in one run.
 *
 *   npm run bench:doctor                    all three, 5 rounds
 *   npm run bench:doctor -- 10 5,20         more rounds, other hosts
 *   npm run bench:doctor -- 5 5,20,80 --markdown
 *
 * Exit status: 0 within the budgets (20 daemons and 500 apps below 2 s, at most 0.12 of jlist, linear), 1 not.
 */
const rounds = Number(process.argv[2] ?? 5);
const sizes = (process.argv[3] ?? '5,20,80').split(',').map(Number);
const markdown = process.argv.includes('--markdown');

const APPS = 25;
const BUDGET = { milliseconds: 2000, ratio: 0.12, growth: 1.5 };

interface Row {
  daemons: number;
  apps: number;
  doctor: number;
  jlist: number;
}

/** A host where every one of so many users has a daemon with 25 processes that do nothing. */
async function serving(daemons: number): Promise<Host> {
  const users = Array.from({ length: daemons }, (_, at) => `user${at}`);
  const host = await createHost({ users });
  await host.installGuard(
    `daemons:\n${users.map((user) => `  ${user}:\n    user: ${user}\n    apps: ["${user}-*"]\n`).join('')}`,
  );
  for (const [at, user] of users.entries()) {
    process.stderr.write(`\r${daemons} daemons: ${at + 1}`);
    const apps = Array.from({ length: APPS }, (_, app) => ({
      name: `${user}-${app}`,
      script: '/bin/sleep',
      args: ['1000000'],
      interpreter: 'none',
    }));
    await host.write(`/home/${user}/apps.json`, JSON.stringify({ apps }));
    await host.must('/usr/bin/pm2 start apps.json && /usr/bin/pm2 save', { user, timeoutMs: 300_000 });
  }
  process.stderr.write('\n');
  return host;
}

async function timed(
  host: Host,
  argv: readonly string[],
  accept: (status: number | null) => boolean = (status) => status === 0,
): Promise<number> {
  const { milliseconds, status, stderr, stdout } = await host.exec(argv, { cwd: '/', timeoutMs: 600_000 });
  if (!accept(status)) throw new Error(`${argv.join(' ')}: exit ${status ?? 'none'}\n${stdout}${stderr}`);
  return milliseconds;
}

async function measure(daemons: number): Promise<Row> {
  const host = await serving(daemons);
  try {
    const doctor = () => timed(host, ['pm2-guard', 'doctor'], (status) => status === 0 || status === 1);
    const jlist = () =>
      timed(host, [
        'sh',
        '-c',
        `for at in $(seq 0 ${daemons - 1}); do sudo -u user$at /usr/bin/pm2 jlist > /dev/null || exit; done`,
      ]);
    await host.must('pm2 jlist > /dev/null || :'); // the policy is compiled by root's first call
    await doctor();
    const times = { doctor: [] as number[], jlist: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      times.doctor.push(await doctor());
      times.jlist.push(await jlist());
      times.doctor.push(await doctor()); // the second finds warmer caches: take turns
    }
    return { daemons, apps: daemons * APPS, doctor: median(times.doctor), jlist: median(times.jlist) };
  } finally {
    await host.dispose();
  }
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? NaN;

function printed(rows: readonly Row[]): string {
  const head = ['daemons', 'apps', 'doctor, ms', 'jlist for each user, ms', 'ratio', 'ms a daemon'];
  const cells = rows.map(({ daemons, apps, doctor, jlist }) =>
    [
      daemons,
      apps,
      doctor.toFixed(0),
      jlist.toFixed(0),
      (doctor / jlist).toFixed(3),
      (doctor / daemons).toFixed(1),
    ].map(String),
  );
  if (markdown) return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...cells);
  return table.toString();
}

/** What is over its budget, in words. */
function over(rows: readonly Row[]): string[] {
  const [smallest] = rows;
  return rows.flatMap((row) => [
    ...(row.daemons <= 20 && row.doctor > BUDGET.milliseconds
      ? [`${row.daemons} daemons take ${row.doctor.toFixed(0)} ms`]
      : []),
    ...(row.daemons >= 20 && row.doctor / row.jlist > BUDGET.ratio
      ? [`${row.daemons} daemons take ${(row.doctor / row.jlist).toFixed(3)} of jlist`]
      : []),
    ...(smallest && row.doctor / row.daemons > BUDGET.growth * (smallest.doctor / smallest.daemons)
      ? [`${row.daemons} daemons take more than their share`]
      : []),
  ]);
}

async function main(): Promise<void> {
  fetchAndBuild(); // what the hosts are made of, and dist/
  const rows: Row[] = [];
  for (const daemons of sizes) rows.push(await measure(daemons));
  const problems = over(rows);
  const lines = [printed(rows), ...problems.map((problem) => `OVER: ${problem}`), `medians of ${rounds} rounds`];
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

void main();
