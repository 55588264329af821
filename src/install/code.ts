import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger } from './ledger.ts';

/** `pm2.12.4.254.21-node.33.code`: the hot bundle as one V8 has compiled it. */
export function isCompiledForm(name: string): boolean {
  return /^pm2\..+\.code$/.test(name);
}

/**
 * Keeps the compiled form of the hot bundle for the recorded node (src/guard/warm.ts). It is a gain in time only: where it
 * cannot be made, calls compile the bundle as ever.
 *
 * @param directory of the release
 * @param node absolute path of the node that runs the guard
 */
export function compileCode(ledger: Ledger, directory: string, node: string): void {
  if (ledger.dry) return;
  const bundle = join(directory, 'pm2.cjs');
  const version = execFileSync(node, ['-p', 'process.versions.v8'], { encoding: 'utf8', env: {}, cwd: '/' }).trim();
  const target = join(directory, `pm2.${version}.code`);
  for (const name of readdirSync(directory).filter(isCompiledForm)) {
    if (join(directory, name) !== target) ledger.remove(join(directory, name), 'of another node');
  }
  if (madeFrom(target) === identity(bundle)) {
    ledger.note(target, 'unchanged');
    return;
  }
  const existed = madeFrom(target) !== null;
  const temporary = `${target}.${process.pid}`;
  try {
    execFileSync(node, [join(directory, 'warm.cjs'), bundle, temporary], { env: { PATH: '/usr/bin:/bin' }, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 });
    chmodSync(temporary, 0o644); // whatever the umask: it is for every caller
    renameSync(temporary, target);
    ledger.note(target, existed ? 'updated' : 'created');
  } catch {
    rmSync(temporary, { force: true });
  }
}

/** The first line of a compiled form; null where there is none. */
function madeFrom(file: string): string | null {
  try {
    const code = readFileSync(file);
    return code.toString('latin1', 0, code.indexOf(10));
  } catch {
    return null;
  }
}

/** As the shim compares it. */
function identity(bundle: string): string {
  const { ino, size, mtimeMs } = statSync(bundle);
  return [ino, size, mtimeMs].join(' ');
}
