import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { identityOf } from '../runtime/kept-code.ts';
import type { Ledger, ChangeOutcome } from './ledger.ts';

const run = promisify(execFile);

/** The bundles whose start time a user notices. */
const BUNDLES = ['pm2', 'load-policy', 'sudo', 'pm2-guard'];

export function isCompiledForm(name: string): boolean {
  return /^(pm2|load-policy|sudo|pm2-guard)\.\d.*\.code$/.test(name);
}

/** A temporary file of an install that was killed. */
function isLeftOver(name: string): boolean {
  return isCompiledForm(name.replace(/\.\d+$/, '')) && !isCompiledForm(name);
}

/**
 * Caches V8's compiled code of each bundle for the recorded node (src/bin/warm.ts). Only for speed: without it calls
 * compile the bundles.
 *
 * @throws Error if node does not run, and system errors
 */
export async function compileCode(ledger: Ledger, directory: string, node: string): Promise<void> {
  if (ledger.dry) return;
  const { stdout: version } = await run(node, ['-p', 'process.versions.v8'], { env: {}, cwd: '/', timeout: 30_000 });
  const targets = new Map(
    BUNDLES.map((name) => [join(directory, `${name}.${version.trim()}.code`), join(directory, `${name}.cjs`)]),
  );
  const names = readdirSync(directory);
  for (const name of names.filter(isLeftOver)) rmSync(join(directory, name), { force: true });
  for (const name of names.filter(isCompiledForm)) {
    if (!targets.has(join(directory, name))) ledger.remove(join(directory, name), 'of another node');
  }
  const made = [...targets].map(async ([target, bundle]) => ({
    target,
    outcome: await compile(bundle, target, { node, warm: join(directory, 'warm.cjs') }),
  }));
  for (const { target, outcome } of await Promise.all(made)) if (outcome !== null) ledger.note(target, outcome);
}

/** Returns null on failure. */
async function compile(
  bundle: string,
  target: string,
  { node, warm }: { node: string; warm: string },
): Promise<ChangeOutcome | null> {
  const before = madeFrom(target);
  if (before === identityOf(bundle)) return 'unchanged';
  const temporary = `${target}.${process.pid}`;
  try {
    await run(node, [warm, bundle, temporary], { env: { PATH: '/usr/bin:/bin' }, cwd: '/', timeout: 30_000 });
    chmodSync(temporary, 0o644); // every user must be able to read it, whatever the umask
    renameSync(temporary, target);
    return before === null ? 'created' : 'updated';
  } catch {
    rmSync(temporary, { force: true });
    return null;
  }
}

function madeFrom(file: string): string | null {
  try {
    const code = readFileSync(file);
    return code.toString('latin1', 0, code.indexOf(10));
  } catch {
    return null;
  }
}
