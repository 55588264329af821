import Table from 'cli-table3';
import { createHost, type Host } from '../test/host/host.ts';

/**
 * The budgets: ratios of medians, ours against the bare tool, interleaved in one run on a throwaway host. Times mean nothing
 * beyond the run and the machine; ratios do.
 *
 *   npm run bench                 all, 40 rounds
 *   npm run bench -- 100          more rounds
 */
const rounds = Number(process.argv[2] ?? 40);
const warmUps = 4;

interface Side { argv: string[]; env: Record<string, string>; uid?: number; gid?: number; cwd: string; status?: number; policy?: 'small' | 'large' }
interface Pair { name: string; against: string; budget: number; ours: Side; theirs: Side }
interface Row { name: string; ours: number; theirs: number }

const webOnly = 'default: web\ndaemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n';
const small = `${webOnly}    apps: [${Array.from({ length: 10 }, (_, at) => `app-${at}`).join(', ')}]\n`;
const large = `${webOnly}    apps:\n${Array.from({ length: 10_000 }, (_, at) => `      - app-${at}\n`).join('')}${Array.from({ length: 1000 }, (_, at) => `      - "glob-${at}-*"\n`).join('')}`;
const blocking = `mode: block\n${small}`;

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const webEnv = { HOME: '/var/www', USER: 'www-data', PATH: path, LANG: 'C.UTF-8', SHLVL: '1', PWD: '/' };
const rootEnv = { HOME: '/root', USER: 'root', PATH: path, LANG: 'C.UTF-8', SHLVL: '1', PWD: '/' };

async function measure(host: Host, pairs: Pair[]): Promise<Row[]> {
  const input = JSON.stringify({ pairs, rounds, warmUps });
  const { stdout, stderr, status } = await host.exec(['/usr/bin/node', '/usr/src/pm2-guard/bench/pairs.mjs'], { input, timeoutMs: 900_000 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Row[];
}

/** A host whose www-data daemon lives, with three processes as in PM2.md's own table. */
async function serving(node: '20' | '22' | '24', config: string): Promise<Host> {
  const host = await createHost({ pm2: '7.0.4', node });
  await host.installGuard(config);
  await host.must('echo "setInterval(() => {}, 1e6)" > /srv/idle.js');
  const start = [1, 2, 3].map((at) => `/usr/lib/node_modules/pm2/bin/pm2 start /srv/idle.js --name idle-${at}`).join(' && ');
  await host.must(`setpriv --reuid 33 --regid 33 --init-groups env -i HOME=/var/www USER=www-data PATH=${path} sh -c '${start}'`, { timeoutMs: 60_000, cwd: '/' });
  await host.must('sleep 0.2; pm2 jlist >/dev/null; test -s /var/lib/pm2-guard/policy.json'); // root's first call compiles the policy
  return host;
}

const web = (argv: string[]): Side => ({ argv, env: webEnv, uid: 33, gid: 33, cwd: '/' });
const root = (argv: string[], status = 0): Side => ({ argv, env: rootEnv, cwd: '/', status });
const bare = '/usr/bin/pm2';
const shim = '/usr/local/bin/pm2';

const rows: (Row & { node: string; against: string; budget: number })[] = [];

async function run(node: '20' | '22' | '24', config: string, pairs: Pair[], prepare?: (host: Host) => Promise<void>): Promise<void> {
  const host = await serving(node, config);
  try {
    await prepare?.(host);
    for (const row of await measure(host, pairs)) {
      const pair = pairs.find(({ name }) => name === row.name);
      rows.push({ ...row, node, against: pair?.against ?? '', budget: pair?.budget ?? 0 });
    }
  } finally {
    await host.dispose();
  }
}

const passed = (budget: number): Pair => ({ name: 'pm2 jlist, passed', against: 'bare pm2', budget, ours: web([shim, 'jlist']), theirs: web([bare, 'jlist']) });
const asWeb = ['/usr/bin/sudo', '-u', 'www-data', 'PM2_HOME=/var/www/.pm2'];

async function main(): Promise<void> {
for (const node of ['20', '22', '24'] as const) {
  process.stderr.write(`node ${node}...\n`);
  await run(node, small, [
    passed(node === '20' ? 1.05 : 0.95),
    { name: 'root\'s pm2 jlist, rewritten', against: 'sudo -u www-data pm2 jlist', budget: 1, ours: root([shim, 'jlist']), theirs: root([...asWeb, bare, 'jlist']) },
  ]);
}
process.stderr.write('blocked, and the size of the policy...\n');
await run('22', blocking, [
  { name: 'a blocked call', against: 'node -e 0', budget: 1.25, ours: root([shim, 'restart', 'app-1'], 126), theirs: root(['/usr/bin/node', '-e', '0']) },
]);
// The same call under 10 apps, and under 10,000 apps and 1,000 globs, of which the last one fits.
await run('22', large, [{
  name: 'pm2 id, 10,000 apps and 1,000 globs', against: 'with 10 apps', budget: 1.1,
  ours: { ...web([shim, 'id', 'glob-999-x']), policy: 'large' }, theirs: { ...web([shim, 'id', 'glob-999-x']), policy: 'small' },
}], async (host) => {
  await host.must('for place in /etc/pm2-guard /var/lib/pm2-guard; do mv $place $place.large && mkdir $place; done');
  await host.write('/etc/pm2-guard/config.yaml', small);
  await host.must('sleep 0.2; pm2 jlist >/dev/null; test -s /var/lib/pm2-guard/policy.json');
});

const table = new Table({ head: ['node', 'what', 'ms', 'against', 'ms', 'ratio', 'at most', ''], style: { head: [], border: [] } });
let over = 0;
for (const row of rows) {
  const ratio = row.ours / row.theirs;
  if (ratio > row.budget) over++;
  table.push([row.node, row.name, row.ours.toFixed(1), row.against, row.theirs.toFixed(1), ratio.toFixed(2), row.budget.toFixed(2), ratio > row.budget ? 'OVER' : 'ok']);
}
process.stdout.write(`${table.toString()}\n${rounds} interleaved rounds each, medians.\n`);
process.exitCode = over > 0 ? 1 : 0;
}

void main();
