import { afterAll, beforeAll } from 'vitest';
import { createHost, type Host, type HostOptions } from '../harness/host.ts';

export const WEB = '/var/www/.pm2';
export const OPS = '/home/ops/.pm2';
export const SITE = '/var/www/html/myapp/public_html';

/**
 * The server of PRODUCT.md: web apps as www-data, who cannot log in, an `ops` daemon beside them; root is not
 * declared.
 */
export const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: ${WEB}
    apps: [myapp, "shop-*"]
    paths: [/var/www/html]
    operators: [deploy]
  ops:
    user: ops
    apps: [backup]
`;

export interface Twins {
  /** Debian with PM2. */
  plain: Host;
  /** The same with pm2-guard. */
  guarded: Host;
}

/**
 * Two hosts for the tests of one `describe`, alike but for the guard. `prepare` runs on both, before the guard is
 * there.
 */
export function twins(
  config = CONFIG,
  options: HostOptions = {},
  prepare: (host: Host) => Promise<unknown> = () => Promise.resolve(),
): Twins {
  const hosts = {} as Twins;
  beforeAll(async () => {
    [hosts.plain, hosts.guarded] = await Promise.all([createHost(options), createHost(options)]);
    await Promise.all([prepare(hosts.plain), prepare(hosts.guarded)]);
    await hosts.guarded.installGuard(config);
  });
  afterAll(async () => {
    await Promise.all([hosts.plain.dispose(), hosts.guarded.dispose()]);
  });
  return hosts;
}

/** `user home` of every living daemon, sorted: the shortest statement of who runs what. */
export function daemonsOn(host: Host): string[] {
  const name = (uid: number) =>
    ['root', 'www-data', 'ops', 'alice', 'deploy'].find((user) => host.account(user).uid === uid) ?? String(uid);
  return host
    .daemons()
    .map(({ uid, home }) => `${name(uid)} ${home}`)
    .sort();
}

export async function appsIn(host: Host, home: string): Promise<string[]> {
  return (await host.apps(home)).map((app) => app.name).sort();
}

/** Paths below a home that its user does not own. */
export async function foreignFiles(host: Host, home: string, owner: string): Promise<string[]> {
  return (await host.tree(home)).filter((file) => file.owner !== owner).map((file) => `${file.owner} ${file.path}`);
}
