import { spawnSync } from 'node:child_process';
import { vanishing } from '../host/vanishing.ts';
import { realpathOrNull } from '../runtime/peek.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';

/** What the shims and bundles need (package.json engines). */
export const OLDEST_NODE = 18;

/** A node for root's calls. */
export interface ChosenNode {
  /** Absolute. Without links, but for one that leads to whichever version is there (`/snap/node/current`). */
  path: string;
  /** What an upgrade will do to it, a sentence; null: it stays. */
  warning: string | null;
}

const SYSTEM_NODES = ['/usr/bin/node', '/usr/local/bin/node'];

/**
 * A node that root may run: only root can change it (PRODUCT.md 8.1), and it is new enough. The one that runs us comes
 * first, unless an upgrade will remove it: then another one of the system's is better.
 *
 * @throws UserError where there is none, with why the one at hand will not do
 */
export function trustedNode(): ChosenNode {
  const reasons: string[] = [];
  const good: string[] = [];
  for (const candidate of [process.execPath, ...SYSTEM_NODES]) {
    const path = realpathOrNull(candidate);
    if (path === null || good.includes(path)) continue;
    const fault = findUntrusted(path, 'file');
    if (fault !== null) reasons.push(`${path} cannot be trusted: ${fault.path} ${fault.why}`);
    else if (majorOf(path) < OLDEST_NODE) reasons.push(`${path} is older than ${OLDEST_NODE}`);
    else good.push(path);
  }
  const [first] = good;
  if (first === undefined) {
    throw new UserError(
      'there is no node that root may run: it would be started by every `sudo pm2`, so only root may be able to ' +
        `change it; ${reasons.join('; ')}`,
      'apt-get install nodejs',
    );
  }
  const stays = good.find((path) => vanishing(path) === null) ?? good.map(staying).find((path) => path !== null);
  if (stays !== undefined) return { path: stays, warning: null };
  return {
    path: first,
    warning:
      `${first}, the node of root's calls, ${vanishing(first)?.why ?? ''}; then \`sudo pm2\` finds no node\n` +
      '  run:  apt-get install nodejs && pm2-guard install   (a node that stays, in /usr/bin)',
  };
}

/** Another path to the same program, which an upgrade leaves in place; null: there is none that root may run. */
export function staying(path: string): string | null {
  const others = vanishing(path)?.stays ?? [];
  return others.find((other) => realpathOrNull(other) === path && findUntrusted(other, 'file') === null) ?? null;
}

/** 0 where it does not run. Only asked of what is trusted. */
function majorOf(node: string): number {
  if (node === process.execPath) return Number.parseInt(process.versions.node, 10);
  const { status, stdout } = spawnSync(node, ['--version'], { cwd: '/', env: {}, encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? Number.parseInt(stdout.slice(1), 10) : 0;
}
