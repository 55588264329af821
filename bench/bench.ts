import Table from 'cli-table3';
import { createHost, type Host } from '../test/host/host.ts';

/**
 * The budgets: ratios of medians, ours against the bare tool, interleaved in one run on a throwaway host. Times mean nothing
 * beyond the run and the machine; ratios do.
 *
 *   npm run bench                    all, 40 rounds (of calls below 120 ms as many as take the same time), a table
 *   npm run bench -- 100             more rounds
 *   npm run bench -- 40 --markdown   the table of the README
 *   npm run bench -- 40 --only sudo  the rows of one host: passed, sealed, blocked, sudo, large
 *
 * Exit status: 0 all within their budget, 1 not.
 */
const rounds = Number(process.argv[2] ?? 40);
const markdown = process.argv.includes('--markdown');
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] ?? '' : '';
const warmUps = 4;

type Node = '20' | '22' | '24';
interface Side { argv: string[]; env: Record<string, string>; uid?: number; gid?: number; cwd: string; status?: number; policy?: 'small' | 'large' }
/** `budget`: null, nobody's promise: it shows what a limit leaves room for. */
interface Pair { name: string; against: string; budget: number | null; ours: Side; theirs: Side }
interface Row { name: string; ours: number; theirs: number }
interface Measured extends Row { node: Node; against: string; budget: number | null }

const list = (count: number, name: string) => Array.from({ length: count }, (_, at) => `      - "${name.replace('N', String(at))}"\n`).join('');
const config = (apps: string, top = '') => `${top}default: web\ndaemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n    apps:\n${apps}`;
const small = config(list(10, 'app-N'));
const large = config(list(10_000, 'app-N') + list(1000, 'glob-N-*'));
const blocking = config(list(10, 'app-N'), 'mode: block\n');

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const shim = '/usr/local/bin/pm2';
const sudoShim = '/usr/local/lib/pm2-guard/bin/sudo';
const bare = '/usr/bin/pm2';
const sudo = '/usr/bin/sudo';
const asWeb = [sudo, '-u', 'www-data', 'PM2_HOME=/var/www/.pm2', bare];

/** As in a shell: SHLVL and PWD are there. */
const environment = (user: string, home: string) => ({ HOME: home, USER: user, PATH, LANG: 'C.UTF-8', SHLVL: '1', PWD: '/' });
const web = (argv: string[]): Side => ({ argv, env: environment('www-data', '/var/www'), uid: 33, gid: 33, cwd: '/' });
const root = (argv: string[], status = 0): Side => ({ argv, env: environment('root', '/root'), cwd: '/', status });

/** A host whose www-data daemon lives, with three processes. */
async function serving(node: Node, policy: string): Promise<Host> {
  const host = await createHost({ pm2: '7.0.4', node });
  await host.installGuard(policy);
  await host.write('/srv/idle.js', 'setInterval(() => {}, 1e6);');
  const start = [1, 2, 3].map((at) => `${bare} start /srv/idle.js --name idle-${at}`).join(' && ');
  await host.must(`setpriv --reuid 33 --regid 33 --init-groups env -i HOME=/var/www USER=www-data PATH=${PATH} sh -c '${start}'`, { timeoutMs: 60_000, cwd: '/' });
  await compiled(host);
  return host;
}

/** Root's first call compiles the policy, once the config is not quite new any more. */
async function compiled(host: Host): Promise<void> {
  await host.must('sleep 0.2; pm2 jlist >/dev/null; test -s /var/lib/pm2-guard/policy.json');
}

async function measure(host: Host, pairs: Pair[]): Promise<Row[]> {
  const { stdout, stderr, status } = await host.exec(['/usr/bin/node', '/usr/src/pm2-guard/bench/pairs.mjs'], { input: JSON.stringify({ pairs, rounds, warmUps }), timeoutMs: 900_000 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Row[];
}

async function run(what: string, node: Node, policy: string, pairsOn: (host: Host) => Pair[] | Promise<Pair[]>): Promise<Measured[]> {
  if (!what.includes(only)) return [];
  process.stderr.write(`${what}, node ${node}...\n`);
  const host = await serving(node, policy);
  try {
    const pairs = await pairsOn(host);
    const rows = await measure(host, pairs);
    return pairs.flatMap(({ name, against, budget }, at) => {
      const row = rows[at];
      return row ? [{ ...row, name, against, budget, node }] : [];
    });
  } finally {
    await host.dispose();
  }
}

const pass = ({ passed, rewritten }: { passed: number; rewritten: number | null }) => (): Pair[] => [
  { name: '`pm2 jlist`, passed', against: 'bare pm2', budget: passed, ours: web([shim, 'jlist']), theirs: web([bare, 'jlist']) },
  { name: 'root\'s `pm2 jlist`, rewritten', against: '`sudo -u www-data pm2 jlist`', budget: rewritten, ours: root([shim, 'jlist']), theirs: root([...asWeb, 'jlist']) },
];

/** Both lead to the same guard: the one through the shell of the shim, the other through the door of a sealed pm2. */
const sealed = async (host: Host): Promise<Pair[]> => {
  await host.must('pm2-guard seal');
  return [{ name: '`/usr/bin/pm2 jlist`, sealed', against: 'the shim', budget: 1.05, ours: web([bare, 'jlist']), theirs: web([shim, 'jlist']) }];
};

const blocked = (): Pair[] => [{ name: 'a blocked call', against: '`node -e 0`', budget: 1.25, ours: root([shim, 'restart', 'app-1'], 126), theirs: root(['/usr/bin/node', '-e', '0']) }];

const throughSudo = async (host: Host): Promise<Pair[]> => {
  await host.write('/srv/empty', `#!/bin/sh\nexec ${sudo} "$@"\n`, { mode: '755' });
  const { uid, gid, home } = host.account('deploy');
  const deploy = (argv: string[]): Side => ({ argv, env: environment('deploy', home), uid, gid, cwd: '/' });
  const plain = deploy([...asWeb, 'jlist']);
  return [
    { name: '`sudo true`, through the shim', against: '`sudo true`', budget: 1.1, ours: deploy([sudoShim, 'true']), theirs: deploy([sudo, 'true']) },
    { name: '`sudo true`, through two lines of `/bin/sh`', against: '`sudo true`', budget: null, ours: deploy(['/srv/empty', 'true']), theirs: deploy([sudo, 'true']) },
    { name: 'deploy\'s `pm2 jlist`, through sudo', against: '`sudo -u www-data pm2 jlist`', budget: 1.35, ours: deploy([shim, 'jlist']), theirs: plain },
    { name: 'deploy\'s `sudo pm2 jlist`, through the sudo shim', against: '`sudo -u www-data pm2 jlist`', budget: 1.35, ours: deploy([sudoShim, 'pm2', 'jlist']), theirs: plain },
  ];
};

/** One call under two policies, which take turns in place; the last glob of the large one is what fits. */
const sizes = async (host: Host): Promise<Pair[]> => {
  await host.must('for place in /etc/pm2-guard /var/lib/pm2-guard; do mv $place $place.large && mkdir $place; done');
  await host.write('/etc/pm2-guard/config.yaml', small);
  await compiled(host);
  const call = (policy: 'small' | 'large'): Side => ({ ...web([shim, 'id', 'glob-999-x']), policy });
  return [{ name: '`pm2 id`, 10,000 apps and 1,000 globs', against: 'with 10 apps', budget: 1.1, ours: call('large'), theirs: call('small') }];
};

function printed(rows: Measured[]): string {
  const head = ['what', 'against', 'node', 'ms', 'ms', 'ratio', 'at most'];
  const cells = rows.map(({ name, against, node, ours, theirs, budget }) => [name, against, node, ours.toFixed(1), theirs.toFixed(1), (ours / theirs).toFixed(2), budget?.toFixed(2) ?? '']);
  if (markdown) return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const table = new Table({ head: [...head, ''], style: { head: [], border: [] } });
  table.push(...cells.map((row, at) => [...row, isOver(rows[at]) ? 'OVER' : rows[at]?.budget == null ? '' : 'ok']));
  return table.toString();
}

const isOver = (row: Measured | undefined): boolean => row != null && row.budget !== null && row.ours / row.theirs > row.budget;

async function main(): Promise<void> {
  const rows = [
    // Node 20 has no compile cache, with which a pm2 behind the guard starts faster than a bare one: it may cost what it costs.
    ...await run('passed and rewritten', '20', small, pass({ passed: 1.05, rewritten: null })),
    ...await run('passed and rewritten', '22', small, pass({ passed: 0.95, rewritten: 1 })),
    ...await run('passed and rewritten', '24', small, pass({ passed: 0.95, rewritten: 1 })),
    ...await run('sealed', '22', small, sealed),
    ...await run('blocked', '22', blocking, blocked),
    ...await run('through sudo', '22', small, throughSudo),
    ...await run('a large policy', '22', large, sizes),
  ];
  process.stdout.write(`${printed(rows)}\n${rounds} interleaved rounds each and more of short calls, medians.\n`);
  process.exitCode = rows.some(isOver) ? 1 : 0;
}

void main();
