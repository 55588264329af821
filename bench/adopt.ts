import { fetchAndBuild } from '../test/harness/setup.ts';
import { createHost } from '../test/harness/host.ts';

/**
 * What an adoption costs the app's clients: how long its port is closed, against `pm2 delete` and `pm2 start` typed one
 * after the other, in turns in one run on a throwaway host. The budget: at most half a second more.
 *
 *   npm run bench:adopt             10 rounds, there and back
 *   npm run bench:adopt -- 30
 *
 * Exit status: 0 within the budget, 1 not.
 */
const rounds = Number(process.argv[2] ?? 10);
const BUDGET_MS = 500;

const WEB = '/var/www/.pm2';
const SITE = '/var/www/html/myapp/public_html';
const pm2 = '/usr/bin/pm2';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Times {
  gap: number;
  whole: number;
}

async function main(): Promise<void> {
  fetchAndBuild(); // what the hosts are made of, and dist/
  await using host = await createHost({ pm2: '7.0.4' });
  await host.installGuard(`daemons:\n  web:\n    user: www-data\n    home: ${WEB}\n  ops:\n    user: ops\n`);
  const by = (user: string, argv: string[]) => {
    const { uid, gid, home } = host.account(user);
    return { argv, uid, gid, env: { HOME: home, USER: user, PATH } };
  };
  const start = (user: string) => by(user, [pm2, 'start', `${SITE}/server.js`, '--name', 'myapp', '--cwd', SITE]);
  const plain = (from: string, to: string) => [by(from, [pm2, 'delete', 'myapp']), start(to)];
  const ours = (from: string, to: string) => [
    by('root', ['/usr/local/bin/pm2-guard', 'adopt', 'myapp', '--from', from, '--to', to, '--yes']),
  ];
  await host.must(`${pm2} ping`, { user: 'www-data' });
  await host.must(`${pm2} start ${SITE}/server.js --name myapp --cwd ${SITE}`, { user: 'ops' });
  const ways = {
    ours: [ours('ops', 'web'), ours('web', 'ops')],
    plain: [plain('ops', 'www-data'), plain('www-data', 'ops')],
  };
  const { stdout, stderr, status } = await host.exec(['/usr/bin/node', '/usr/src/pm2-guard/bench/gap.mjs'], {
    input: JSON.stringify({ ways, port: 3000, rounds }),
    timeoutMs: 900_000,
    cwd: '/',
  });
  if (status !== 0) throw new Error(stderr);
  const times = JSON.parse(stdout) as { ours: Times; plain: Times };
  const more = times.ours.gap - times.plain.gap;
  process.stdout.write(
    `the port is closed for: adopt ${times.ours.gap.toFixed(0)} ms, pm2 delete and pm2 start ` +
      `${times.plain.gap.toFixed(0)} ms: ${more.toFixed(0)} ms more (at most ${BUDGET_MS})\n` +
      `the whole, with min_uptime: adopt ${times.ours.whole.toFixed(0)} ms, pm2 delete and pm2 start ` +
      `${times.plain.whole.toFixed(0)} ms\nmedians of ${2 * rounds} moves each way.\n`,
  );
  process.exitCode = more > BUDGET_MS ? 1 : 0;
}

void main();
