import fc from 'fast-check';

/** Random configs, callers and calls, and what is known of them. */

export const names = ['myapp', 'api', 'worker', 'shop-a', '0', '@t/x', 'staging'];
export const homes = ['/var/www/.pm2', '/home/ops/.pm2', '/root/.pm2', '/srv/x', '/home/staging/.pm2'];
const paths = ['/srv', '/srv/app', '/var/www/html', '/opt/x'];

/**
 * A daemon of a config: user, home, apps, paths. Homes are told apart by index, because two daemons must not share
 * one.
 */
const daemon = fc.record({
  user: fc.constantFrom('root', 'www-data', 'ops', 'deploy', 'staging'),
  apps: fc.uniqueArray(fc.constantFrom(...names, 'shop-*', '*', '?pi'), { maxLength: 4 }),
  paths: fc.uniqueArray(fc.constantFrom(...paths), { maxLength: 2 }),
  mode: fc.constantFrom('rewrite', 'block', 'observe'),
});
export const config = fc.record({
  daemons: fc.array(daemon, { minLength: 1, maxLength: 4 }),
  mode: fc.constantFrom('rewrite', 'block', 'observe'),
  default: fc.option(fc.nat({ max: 3 })),
  exempt: fc.subarray(['alice', 'ops']),
});
export type Drawn = typeof config extends fc.Arbitrary<infer T> ? T : never;

export const who = fc
  .tuple(
    fc.constantFrom('root', 'deploy>root', 'www-data', 'ops', 'alice', 'staging', 'deploy'),
    fc.constantFrom('', ...homes.map((home) => ` PM2_HOME=${home}`), ' HOME=/srv/app', ' PM2_DAEMON_RPC_PORT=/tmp/s'),
    fc.constantFrom('', ' @/srv/app', ' @/opt/x'),
  )
  .map((parts) => parts.join(''));
export const line = fc
  .tuple(
    fc.constantFrom(
      'restart',
      'start',
      'stop',
      'delete',
      'list',
      'save',
      'reload',
      'startup',
      'logs',
      'describe',
      'set',
      'kill',
      '',
    ),
    fc.array(
      fc.constantFrom(
        ...names,
        'all',
        '/api|worker/',
        './x.js',
        '/srv/app/y.js',
        '--name',
        '--only',
        '-u',
        '--hp',
        'ops',
        '/home/ops',
        '-i4',
        '--',
        '-a',
      ),
      { maxLength: 4 },
    ),
  )
  .map(([command, words]) => [command, ...words].join(' '));

/** The text of a config, with its daemons and lists in the order that `order` draws. */
export function yaml({ daemons, mode, default: chosen, exempt }: Drawn, order: <T>(list: T[]) => T[]): string {
  const named = daemons.map((one, index) => ({ ...one, name: `d${index}`, home: homes[index] ?? '/x' }));
  return JSON.stringify({
    mode,
    ...(chosen !== null && chosen < daemons.length ? { default: `d${chosen}` } : {}),
    ...(exempt.length > 0 ? { exempt: order(exempt) } : {}),
    daemons: Object.fromEntries(
      order(named).map(({ name, apps, paths: below, ...rest }) => [
        name,
        {
          ...rest,
          ...(apps.length > 0 ? { apps: order(apps) } : {}),
          ...(below.length > 0 ? { paths: order(below) } : {}),
        },
      ]),
    ),
  });
}
