import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Ledger, ChangeOutcome } from './ledger.ts';

const run = promisify(execFile);

/** What people wait for: calls of pm2, also after an edit of the config, of sudo that name it, and commands of ours. */
const BUNDLES = ['pm2', 'load-policy', 'sudo', 'pm2-guard'];

/** `pm2.12.4.254.21-node.33.code`: a bundle as one V8 has compiled it. */
export function isCompiledForm(name: string): boolean {
  return /^(pm2|load-policy|sudo|pm2-guard)\.\d.*\.code$/.test(name);
}

/**
 * Keeps the compiled forms of the bundles for the recorded node (src/guard/warm.ts). They are a gain in time only:
 * where one cannot be made, the bundle is compiled at each call as ever.
 *
 * @param directory of the release
 * @param node absolute path of the node that runs the guard
 */
export async function compileCode(ledger: Ledger, directory: string, node: string): Promise<void> {
  if (ledger.dry) return;
  const { stdout: version } = await run(node, ['-p', 'process.versions.v8'], { env: {}, cwd: '/' });
  const targets = new Map(
    BUNDLES.map((name) => [join(directory, `${name}.${version.trim()}.code`), join(directory, `${name}.cjs`)]),
  );
  for (const name of readdirSync(directory).filter(isCompiledForm)) {
    if (!targets.has(join(directory, name))) ledger.remove(join(directory, name), 'of another node');
  }
  const made = [...targets].map(async ([target, bundle]) => ({
    target,
    outcome: await compile(bundle, target, { node, warm: join(directory, 'warm.cjs') }),
  }));
  // in the same order each time
  for (const { target, outcome } of await Promise.all(made)) if (outcome !== null) ledger.note(target, outcome);
}

/** Null: it could not be made. */
async function compile(
  bundle: string,
  target: string,
  { node, warm }: { node: string; warm: string },
): Promise<ChangeOutcome | null> {
  const before = madeFrom(target);
  if (before === identity(bundle)) return 'unchanged';
  const temporary = `${target}.${process.pid}`;
  try {
    await run(node, [warm, bundle, temporary], { env: { PATH: '/usr/bin:/bin' }, cwd: '/', timeout: 30_000 });
    chmodSync(temporary, 0o644); // whatever the umask: it is for every caller
    renameSync(temporary, target);
    return before === null ? 'created' : 'updated';
  } catch {
    rmSync(temporary, { force: true });
    return null;
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

/** As the shims compare it. */
function identity(bundle: string): string {
  const { ino, size, mtimeMs } = statSync(bundle);
  return [ino, size, mtimeMs].join(' ');
}
