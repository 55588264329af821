import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { UserError } from '../terminal/user-error.ts';
import { distrust } from '../trust/trust.ts';

/** What the shims and bundles need (package.json engines). */
export const OLDEST_NODE = 18;

/**
 * A node that root may run: only root can change it (PRODUCT.md 7.1), and it is new enough. The one that runs us comes first.
 *
 * @returns its absolute real path
 * @throws UserError where there is none, with why the one at hand will not do
 */
export function trustedNode(): string {
  const reasons: string[] = [];
  for (const candidate of new Set([process.execPath, '/usr/bin/node', '/usr/local/bin/node'])) {
    let path: string;
    try {
      path = realpathSync.native(candidate);
    } catch {
      continue;
    }
    const fault = distrust(path, 'file');
    if (fault !== null) reasons.push(`${path} cannot be trusted: ${fault.path} ${fault.why}`);
    else if (majorOf(path) < OLDEST_NODE) reasons.push(`${path} is older than ${OLDEST_NODE}`);
    else return path;
  }
  throw new UserError(
    `there is no node that root may run: it would be started by every \`sudo pm2\`, so only root may be able to change it; ${reasons.join('; ')}`,
    'apt-get install nodejs',
  );
}

/** 0 where it does not run. Only asked of what is trusted. */
function majorOf(node: string): number {
  if (node === process.execPath) return Number.parseInt(process.versions.node, 10);
  const { status, stdout } = spawnSync(node, ['--version'], { cwd: '/', env: {}, encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? Number.parseInt(stdout.slice(1), 10) : 0;
}
