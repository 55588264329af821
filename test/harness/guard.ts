import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from './fetch.ts';
import { checkout, type Host } from './host.ts';

/** A config, then `pm2-guard install` from the checkout, as install.sh does after it has built. */
export async function installGuard(host: Host, config: string): Promise<void> {
  if (!existsSync(join(cache, '../dist/pm2-guard.cjs')))
    throw new Error('dist/pm2-guard.cjs is missing: npm run build');
  await host.write('/etc/pm2-guard/config.yaml', config);
  await host.must(`node ${checkout}/dist/pm2-guard.cjs install`);
}
