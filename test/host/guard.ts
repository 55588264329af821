import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from './fetch.ts';
import { checkout, type Host } from './host.ts';

const repository = join(cache, '..');
const place = '/usr/local/lib/pm2-guard';

/** The places of PRODUCT.md section 5, filled from dist/ and shims/ as the installer does. */
export async function installGuard(host: Host, config: string): Promise<void> {
  for (const name of ['dist/pm2.cjs', 'shims/pm2']) {
    if (!existsSync(join(repository, name))) throw new Error(`${name} is missing: npm run build`);
  }
  const bundles = readdirSync(join(repository, 'dist')).filter((name) => name.endsWith('.cjs'));
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  const pm2 = host.options.pm2 === null ? null : `${host.pm2Package}/bin/pm2`;
  await host.must([
    `install -d -m 755 ${place} ${place}/bin /etc/pm2-guard /var/lib/pm2-guard`,
    `install -m 644 ${bundles.map((name) => `${checkout}/dist/${name}`).join(' ')} ${place}`,
    `install -m 755 ${checkout}/shims/* ${place}/bin`,
    `ln -sfn /usr/bin/node ${place}/node`,
    // Before /usr/bin in every PATH that Debian sets; npm's own link is in the way where its prefix is /usr/local.
    ...(host.options.prefix === '/usr/local' ? [] : [`ln -sfn ../lib/pm2-guard/bin/pm2 /usr/local/bin/pm2`]),
    `ln -sfn ../lib/pm2-guard/bin/pm2-guard /usr/local/bin/pm2-guard`,
  ].join('\n'));
  await host.write(`${place}/install.json`, `${JSON.stringify({ version, pm2, node: '/usr/bin/node' }, null, 2)}\n`);
  await host.write('/etc/pm2-guard/config.yaml', config);
}
