import Table from 'cli-table3';
import { createHost, type Host } from '../test/harness/host.ts';
import { fetchAndBuild } from '../test/harness/setup.ts';

/**
 * The budgets: ratios of medians, ours against the bare tool, interleaved in one run on a throwaway host. Times mean
 * nothing beyond the run and the machine; ratios do. The ratio of CPU time (user and system) stands beside: on a
 * shared machine it is the steadier one.
 *
 *   npm run bench                    all, 40 rounds (of calls below 120 ms as many as take the same time), a table
 *   npm run bench -- 100             more rounds
 *   npm run bench -- 40 --markdown   the table of docs/performance.md
 *   npm run bench -- 40 --only sudo  the rows of one group: passed, own daemon, version, root away, sealed, blocked,
 * sudo, large
 *
 * Exit status: 0 all within their budget, 1 not. A row that is marked as not yet reachable does not count.
 */
const rounds = Number(process.argv[2] ?? 40);
const markdown = process.argv.includes('--markdown');
const only = process.argv.includes('--only') ? (process.argv[process.argv.indexOf('--only') + 1] ?? '') : '';
const warmUps = 4;
// A file of certificates takes node 20 to 40 ms to read, in ours and theirs alike.
Reflect.deleteProperty(process.env, 'NODE_EXTRA_CA_CERTS');

type Node = '18' | '20' | '22' | '24' | '26';
interface Side {
  argv: string[];
  env: Record<string, string>;
  uid?: number;
  gid?: number;
  cwd: string;
  status?: number;
  /** Run by a shell before each call, and not measured. */
  before?: string;
}
/**
 * `budget`: null, not promised: it shows what a limit leaves room for. `pending`: what it waits for; it does not fail.
 */
interface Pair {
  name: string;
  against: string;
  budget: number | null;
  pending?: string;
  ours: Side;
  theirs: Side;
}
interface Row {
  ours: number;
  theirs: number;
  cpu: number;
}
interface Measured extends Row, Pick<Pair, 'name' | 'against' | 'budget' | 'pending'> {
  node: Node;
}

const line = (name: string, at: number) => `      - "${name.replace('N', String(at))}"\n`;
const list = (count: number, name: string) => Array.from({ length: count }, (_, at) => line(name, at)).join('');
const DAEMON = 'default: web\ndaemons:\n  web:\n    user: www-data\n    home: /var/www/.pm2\n    apps:\n';
const config = (apps: string, top = '') => `${top}${DAEMON}${apps}`;
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
const environment = (user: string, home: string) => ({
  HOME: home,
  USER: user,
  PATH,
  LANG: 'C.UTF-8',
  SHLVL: '1',
  PWD: '/',
});
const web = (argv: string[]): Side => ({ argv, env: environment('www-data', '/var/www'), uid: 33, gid: 33, cwd: '/' });
const root = (argv: string[], status = 0): Side => ({ argv, env: environment('root', '/root'), cwd: '/', status });

/** A host whose www-data daemon lives, with three processes. */
async function serving(node: Node, policy: string): Promise<Host> {
  const host = await createHost({ pm2: '7.0.4', node });
  await host.installGuard(policy);
  await host.write('/srv/idle.js', 'setInterval(() => {}, 1e6);');
  const start = [1, 2, 3].map((at) => `${bare} start /srv/idle.js --name idle-${at}`).join(' && ');
  const asUser = `setpriv --reuid 33 --regid 33 --init-groups env -i HOME=/var/www USER=www-data PATH=${PATH}`;
  await host.must(`${asUser} sh -c '${start}'`, { timeoutMs: 60_000, cwd: '/' });
  await compiled(host);
  return host;
}

/** Root's first call compiles the policy, once the config is not quite new any more. */
async function compiled(host: Host): Promise<void> {
  await host.must('sleep 0.2; pm2 jlist >/dev/null; test -s /var/lib/pm2-guard/policy.json');
}

async function measure(host: Host, pairs: Pair[]): Promise<Row[]> {
  const options = { input: JSON.stringify({ pairs, rounds, warmUps }), timeoutMs: 900_000 };
  const { stdout, stderr, status } = await host.exec(['/usr/bin/node', '/usr/src/pm2-guard/bench/pairs.mjs'], options);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Row[];
}

type PairsOn = (host: Host) => Pair[] | Promise<Pair[]>;

async function run(what: string, node: Node, policy: string, pairsOn: PairsOn): Promise<Measured[]> {
  if (!what.includes(only)) return [];
  process.stderr.write(`${what}, node ${node}...\n`);
  const host = await serving(node, policy);
  try {
    const pairs = await pairsOn(host);
    const rows = await measure(host, pairs);
    return pairs.flatMap(({ name, against, budget, pending }, at) => {
      const row = rows[at];
      return row ? [{ ...row, name, against, budget, node, ...(pending === undefined ? {} : { pending }) }] : [];
    });
  } finally {
    await host.dispose();
  }
}

const passed = (budget: number | null) => ({
  name: '`pm2 jlist`, passed',
  against: 'bare pm2',
  budget,
  ours: web([shim, 'jlist']),
  theirs: web([bare, 'jlist']),
});

const pass = (budget: number) => (): Pair[] => [
  passed(budget),
  {
    name: "root's `pm2 jlist`, rewritten",
    against: '`sudo -u www-data pm2 jlist`',
    budget: 0.82,
    ours: root([shim, 'jlist']),
    theirs: root([...asWeb, 'jlist']),
  },
];

const version = (): Pair[] => [
  {
    name: '`pm2 --version`',
    against: 'bare `pm2 --version`',
    budget: 0.35,
    ours: web([shim, '--version']),
    theirs: web([bare, '--version']),
  },
];

/** The daemon that plain pm2 would use lives, is not declared, and is asked. */
const asking = async (host: Host): Promise<Pair[]> => {
  await host.must(`PM2_GUARD=off ${shim} ping`);
  return [
    {
      name: "root's `pm2 jlist`, rewritten, with a stray of root's that is asked",
      against: '`sudo -u www-data pm2 jlist`',
      budget: 0.9,
      ours: root([shim, 'jlist']),
      theirs: root([...asWeb, 'jlist']),
    },
  ];
};

/** Root does not call again, so what it compiled stays out of date. */
const rootAway =
  (what: string, change: string, budget: number | null): PairsOn =>
  async (host) => {
    await host.must(`${change}; sleep 0.2`);
    return [{ ...passed(budget), name: `\`pm2 jlist\` ${what}, root away` }];
  };

/** Both lead to the same guard: the one through the shell of the shim, the other through the door of a sealed pm2. */
const sealed = async (host: Host): Promise<Pair[]> => {
  await host.must('pm2-guard seal');
  return [
    {
      name: '`/usr/bin/pm2 jlist`, sealed',
      against: 'the shim',
      budget: 1.03,
      ours: web([bare, 'jlist']),
      theirs: web([shim, 'jlist']),
    },
  ];
};

const blocked = (budget: number, pending?: string) => (): Pair[] => [
  {
    name: 'a blocked call',
    against: '`node -e 0`',
    budget,
    ...(pending === undefined ? {} : { pending }),
    ours: root([shim, 'restart', 'app-1'], 126),
    theirs: root(['/usr/bin/node', '-e', '0']),
  },
];

const throughSudo = async (host: Host): Promise<Pair[]> => {
  await host.write('/srv/empty', `#!/bin/sh\nexec ${sudo} "$@"\n`, { mode: '755' });
  const { uid, gid, home } = host.account('deploy');
  const deploy = (argv: string[]): Side => ({ argv, env: environment('deploy', home), uid, gid, cwd: '/' });
  const plain = deploy([...asWeb, 'jlist']);
  return [
    {
      name: '`sudo true`, through the shim',
      against: '`sudo true`',
      budget: 1.1,
      ours: deploy([sudoShim, 'true']),
      theirs: deploy([sudo, 'true']),
    },
    {
      name: '`sudo true`, through two lines of `/bin/sh`',
      against: '`sudo true`',
      budget: null,
      ours: deploy(['/srv/empty', 'true']),
      theirs: deploy([sudo, 'true']),
    },
    {
      name: "deploy's `pm2 jlist`, through sudo",
      against: '`sudo -u www-data pm2 jlist`',
      budget: 1.05,
      ours: deploy([shim, 'jlist']),
      theirs: plain,
    },
    {
      name: "deploy's `sudo pm2 jlist`, through the sudo shim",
      against: '`sudo -u www-data pm2 jlist`',
      budget: 1.35,
      ours: deploy([sudoShim, 'pm2', 'jlist']),
      theirs: plain,
    },
  ];
};

/**
 * Puts a policy in place, with what was compiled from it: as whole directories, so that the files stay what they were.
 */
const put = (policy: 'small' | 'large') => {
  const other = policy === 'small' ? 'large' : 'small';
  return (
    'for place in /etc/pm2-guard /var/lib/pm2-guard; do ' +
    `[ ! -e $place.${policy} ] || { mv $place $place.${other} && mv $place.${policy} $place; }; done`
  );
};

/** One call under two policies, which take turns in place; the last glob of the large one is what fits. */
const sizes = async (host: Host): Promise<Pair[]> => {
  await host.must('for place in /etc/pm2-guard /var/lib/pm2-guard; do mv $place $place.large && mkdir $place; done');
  await host.write('/etc/pm2-guard/config.yaml', small);
  await compiled(host);
  const call = (policy: 'small' | 'large'): Side => ({ ...web([shim, 'id', 'glob-999-x']), before: put(policy) });
  return [
    {
      name: '`pm2 id`, 10,000 apps and 1,000 globs',
      against: 'with 10 apps',
      budget: 1.1,
      ours: call('large'),
      theirs: call('small'),
    },
  ];
};

function printed(rows: Measured[]): string {
  const head = ['what', 'against', 'node', 'ms', 'ms', 'ratio', 'CPU ratio', 'at most'];
  const cells = rows.map(({ name, against, node, ours, theirs, cpu, budget }) => [
    name,
    against,
    node,
    ours.toFixed(1),
    theirs.toFixed(1),
    (ours / theirs).toFixed(2),
    cpu.toFixed(2),
    budget?.toFixed(2) ?? '',
  ]);
  if (markdown) return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const table = new Table({ head: [...head, ''], style: { head: [], border: [] } });
  table.push(...rows.map((row, at) => [...(cells[at] ?? []), inWords(row)]));
  return table.toString();
}

function inWords(row: Measured): string {
  if (row.budget === null) return '';
  const over = row.ours / row.theirs - row.budget;
  if (over <= 0) return 'ok';
  const by = over.toFixed(2);
  return row.pending === undefined ? `OVER by ${by}` : `not yet: over by ${by}, waits for ${row.pending}`;
}

const isOver = ({ ours, theirs, budget, pending }: Measured): boolean =>
  budget !== null && pending === undefined && ours / theirs > budget;

async function main(): Promise<void> {
  fetchAndBuild(); // what the hosts are made of, and dist/
  const edit = 'touch /etc/pm2-guard/config.yaml';
  const many = '10,000 apps and 1,000 globs';
  const useradd = 'useradd --no-create-home zoe';
  const closed = 'mount -t tmpfs -o ro none /tmp';
  const rows = [
    ...(await run('passed', '18', small, () => [passed(0.9)])),
    ...(await run('passed', '20', small, pass(0.82))),
    ...(await run('passed', '22', small, pass(0.82))),
    ...(await run('passed', '24', small, pass(0.82))),
    ...(await run('passed', '26', small, pass(0.82))),
    ...(await run('own daemon', '22', small, asking)),
    ...(await run('version', '22', small, version)),
    ...(await run('root away', '22', small, rootAway('after an edit', edit, 0.85))),
    ...(await run('root away', '22', small, rootAway('after useradd', useradd, 0.85))),
    ...(await run('root away', '22', large, rootAway(`after an edit, ${many}`, edit, 0.9))),
    ...(await run('root away', '22', large, rootAway(`after useradd, ${many}`, useradd, 0.9))),
    ...(await run(
      'root away',
      '22',
      small,
      rootAway('after an edit, nothing can be kept', `${edit}; ${closed}`, null),
    )),
    ...(await run('sealed', '22', small, sealed)),
    ...(await run('blocked', '18', blocking, blocked(1.3))),
    ...(await run('blocked', '20', blocking, blocked(1.3))),
    ...(await run('blocked', '22', blocking, blocked(1.2, 'a shorter way to a verdict'))),
    ...(await run('sudo', '22', small, throughSudo)),
    ...(await run('large', '22', large, sizes)),
  ];
  const how = `${rounds} interleaved rounds each and more of short calls; medians of time, means of CPU time.`;
  process.stdout.write(`${printed(rows)}\n${how}\n`);
  process.exitCode = rows.some(isOver) ? 1 : 0;
}

void main();
