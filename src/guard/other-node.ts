import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { dropOwnVariables } from '../identity/environment.ts';
import { passOn } from './signals.ts';

/**
 * Become the real pm2 under another node (a daemon's pin, or one that its owner can run). One process where the
 * node at hand has execve (22.15 and newer), else a child whose status and signals are passed on.
 *
 * @param stdin standard input that was read already; null: the child reads it itself
 */
export function becomePm2Under(node: string, bin: string, argv: readonly string[], stdin: Buffer | null): void {
  dropOwnVariables(process.env);
  accessSync(node, constants.X_OK); // a failing execve aborts the process on Node 22, it throws nothing
  const { execve } = process as unknown as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never };
  if (execve && stdin === null) execve.call(process, node, [node, bin, ...argv], process.env);
  const child = spawn(node, [bin, ...argv], { stdio: [stdin === null ? 'inherit' : 'pipe', 'inherit', 'inherit'] });
  child.stdin?.end(stdin);
  passOn(child, node);
}
