import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../terminal/user-error.ts';
import type { Ledger } from './ledger.ts';
import { isCompiledForm } from './code.ts';
import { hasRealSudo } from './finds.ts';
import { LIBRARY, NODE_LINK, RECORD, SHARE, SHIMS } from './places.ts';

/** Where to copy from. */
export interface Source {
  /** Directory of the bundles. */
  bundles: string;
  shims: string;
}

/** What a call loads first is replaced last, so that no call starts in new code and goes on in old. */
const LAST = ['pm2-guard.cjs', 'pm2.cjs'];
const NEEDED = ['adopt-agent.cjs', 'door.cjs', 'load-policy.cjs', 'read-process-file.cjs', 'sudo.cjs', 'warm.cjs', ...LAST];
const NEEDED_SHIMS = ['pm2', 'pm2-guard'];

/** Beside the running bundle: in a checkout or a package (dist/ and shims/), or installed. */
export function sourceBeside(bundles: string): Source {
  const beside = join(bundles, '../shims');
  return { bundles, shims: bundles !== LIBRARY && existsSync(beside) ? beside : join(bundles, 'bin') };
}

/**
 * The bundles and the shims in their place, and nothing else: what an older version had and this one has not goes.
 *
 * @throws UserError where the source is not complete
 */
export function installLibrary(ledger: Ledger, source: Source): void {
  const bundles = readdirSync(source.bundles).filter((name) => name.endsWith('.cjs')).sort((a, b) => LAST.indexOf(a) - LAST.indexOf(b) || (a < b ? -1 : 1));
  const found = existsSync(source.shims) ? readdirSync(source.shims).filter((name) => !name.startsWith('.')).sort() : [];
  // Scripts ask `command -v sudo` whether there is one.
  const shims = hasRealSudo() ? found : found.filter((name) => name !== 'sudo');
  const missing = [...NEEDED.filter((name) => !bundles.includes(name)), ...NEEDED_SHIMS.filter((name) => !shims.includes(name))];
  if (missing.length > 0) throw new UserError(`${source.bundles} is not complete: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`, 'npm run build');
  // A name that is not there yet is read before the first file is replaced: source and place may be the same directory.
  const contents = new Map(bundles.map((name) => [name, readFileSync(join(source.bundles, name))]));
  ledger.directory(LIBRARY, 0o755);
  ledger.directory(SHIMS, 0o755);
  for (const [name, content] of contents) ledger.file(join(LIBRARY, name), content, 0o644);
  // Without it node takes the shims for whatever a package.json above says they are.
  ledger.file(join(LIBRARY, 'package.json'), Buffer.from('{ "type": "commonjs" }\n'), 0o644);
  for (const name of shims) ledger.file(join(SHIMS, name), readFileSync(join(source.shims, name)), 0o755);
  removeOthers(ledger, LIBRARY, [...bundles, ...compiledForms(), 'package.json', ...[SHIMS, RECORD, NODE_LINK, SHARE].map((path) => basename(path))]);
  removeOthers(ledger, SHIMS, shims);
  if (shims.length < found.length) ledger.note(join(SHIMS, 'sudo'), 'kept', 'not needed: sudo is not installed');
}

/** V8's compiled forms of the hot bundle, by the V8 that made them (code.ts). */
function compiledForms(): string[] {
  return existsSync(LIBRARY) ? readdirSync(LIBRARY).filter((name) => isCompiledForm(name)) : [];
}

function removeOthers(ledger: Ledger, directory: string, expected: readonly string[]): void {
  if (!existsSync(directory)) return; // dry
  for (const name of readdirSync(directory)) {
    if (!expected.includes(name)) ledger.remove(join(directory, name), 'no longer belongs here');
  }
}
