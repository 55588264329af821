import { spawnSync } from 'node:child_process';
import { vanishing } from '../host/processes/vanishing.ts';
import { realpathOrNull } from '../runtime/peek.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';

/** As in package.json engines. */
export const OLDEST_NODE = 18;

export interface ChosenNode {
  /** Absolute and resolved, except links that follow the current version (`/snap/node/current`). */
  path: string;
  /** How an upgrade will break it; null: it stays. */
  warning: string | null;
}

const SYSTEM_NODES = ['/usr/bin/node', '/usr/local/bin/node'];

/** A node that only root can change (docs/contract.md 8.1). @throws UserError if there is none, with the reasons */
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
      quoteCommand(packageCommand('nodejs')),
    );
  }
  const stays = good.find((path) => vanishing(path) === null) ?? good.map(staying).find((path) => path !== null);
  if (stays !== undefined) return { path: stays, warning: null };
  return {
    path: first,
    warning:
      `${first}, the node of root's calls, ${vanishing(first)?.why ?? ''}; after that, \`sudo pm2\` finds no node\n` +
      `  run:  ${quoteCommand(packageCommand('nodejs'))} && pm2-guard install   (a node that stays, in /usr/bin)`,
  };
}

/** Another path to the same program that survives an upgrade. */
export function staying(path: string): string | null {
  const others = vanishing(path)?.stays ?? [];
  return others.find((other) => realpathOrNull(other) === path && findUntrusted(other, 'file') === null) ?? null;
}

/** 0 if it does not run. Call it only for a trusted file. */
function majorOf(node: string): number {
  if (node === process.execPath) return Number.parseInt(process.versions.node, 10);
  const { status, stdout } = spawnSync(node, ['--version'], { cwd: '/', env: {}, encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? Number.parseInt(stdout.slice(1), 10) : 0;
}
