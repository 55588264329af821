import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../terminal/user-error.ts';
import { VERSION } from '../policy/version.ts';
import { statOrNone, type Ledger } from './ledger.ts';
import { isCompiledForm } from './code.ts';
import { hasRealSudo } from './finds.ts';
import { LIBRARY, MADE_DIRECTORIES, NODE_LINK, RECORD, SHARE, SHIMS } from './places.ts';

export interface PackageSource {
  bundles: string;
  shims: string;
}

export interface Release {
  /** `/usr/local/lib/pm2-guard/0.1.0-3f2a9c01`: the name has a hash of the code. */
  directory: string;
  bundles: Map<string, Buffer>;
  shims: Map<string, Buffer>;
  share: Map<string, Buffer>;
}

export const NEEDED = [
  'adopt-agent.cjs',
  'as-user.cjs',
  'boot-unit.cjs',
  'door.cjs',
  'lint.cjs',
  'load-policy.cjs',
  'pm2-guard.cjs',
  'pm2.cjs',
  'prepare.cjs',
  'read-process-file.cjs',
  'sudo.cjs',
  'warm.cjs',
];
export const NEEDED_SHIMS = ['pm2', 'pm2-guard'];
/** A running call loads more files from its release later. No call takes longer to become the real pm2. */
const GRACE_MS = 60_000;

/** Shims are in bin/ when installed, in ../shims in a checkout or package. */
export function sourceBeside(bundles: string): PackageSource {
  const within = join(bundles, 'bin');
  return { bundles, shims: existsSync(within) ? within : join(bundles, '../shims') };
}

/** @throws UserError if the source is incomplete */
export function readRelease(source: PackageSource): Release {
  const bundles = filesOf(source.bundles, (name) => /\.(cjs|wasm)$/.test(name));
  // No sudo shim without a sudo: scripts test `command -v sudo`.
  const shims = filesOf(source.shims, (name) => !name.startsWith('.') && (name !== 'sudo' || hasRealSudo()));
  const share = filesOf(join(source.bundles, basename(SHARE)), () => true);
  const missing = [...NEEDED.filter((name) => !bundles.has(name)), ...NEEDED_SHIMS.filter((name) => !shims.has(name))];
  if (missing.length > 0)
    throw new UserError(
      `${source.bundles} is not complete: ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`,
      'npm run build',
    );
  const digest = createHash('sha256');
  for (const [name, content] of [...bundles, ...shims, ...share])
    digest.update(`${name} ${content.length}\n`).update(content);
  return { directory: join(LIBRARY, `${VERSION}-${digest.digest('hex').slice(0, 8)}`), bundles, shims, share };
}

/** Calls do not use the directory before `switchTo`. */
export function installRelease(ledger: Ledger, { directory, bundles, shims, share }: Release): void {
  const [bin, shared] = [join(directory, basename(SHIMS)), join(directory, basename(SHARE))];
  for (const place of [LIBRARY, directory, bin, shared]) ledger.directory(place, 0o755);
  for (const [name, content] of bundles) ledger.file(join(directory, name), content, 0o644);
  // Otherwise a package.json in a parent directory sets the module type of the shims.
  ledger.file(join(directory, 'package.json'), Buffer.from('{ "type": "commonjs" }\n'), 0o644);
  for (const [name, content] of shims) ledger.file(join(bin, name), content, 0o755);
  for (const [name, content] of share) ledger.file(join(shared, name), content, 0o644);
  removeOthers(
    ledger,
    directory,
    (name) =>
      bundles.has(name) ||
      isCompiledForm(name) ||
      ['package.json', ...[bin, shared].map((path) => basename(path))].includes(name),
  );
  removeOthers(ledger, bin, (name) => shims.has(name));
  removeOthers(ledger, shared, (name) => share.has(name));
  if (!shims.has('sudo')) ledger.note(join(bin, 'sudo'), 'kept', 'not needed: sudo is not installed');
}

/** Makes every new call use this release. One rename(2), so no call mixes files of two builds or misses one. */
export function switchTo(ledger: Ledger, { directory }: Release): void {
  ledger.link(SHIMS, join(basename(directory), basename(SHIMS)));
  ledger.link(SHARE, `${basename(SHIMS)}/../${basename(SHARE)}`); // relative to SHIMS, so both switch together
}

/** Keeps a release that a call may still use. */
export function removeOldReleases(ledger: Ledger, { directory }: Release): void {
  const isRecent = (path: string) => Date.now() - (statOrNone(path)?.mtimeMs ?? 0) < GRACE_MS;
  const inUse = (name: string) =>
    /^\d+\.\d+\.\d+.*-[0-9a-f]{8}$/.test(name) && (isRecent(SHIMS) || isRecent(join(LIBRARY, name)));
  const expected = [SHIMS, SHARE, MADE_DIRECTORIES, RECORD, NODE_LINK, directory].map((path) => basename(path));
  removeOthers(ledger, LIBRARY, (name) => expected.includes(name) || inUse(name));
}

function filesOf(directory: string, chosen: (name: string) => boolean): Map<string, Buffer> {
  const names = existsSync(directory) ? readdirSync(directory).filter(chosen).sort() : [];
  return new Map(names.map((name) => [name, readFileSync(join(directory, name))]));
}

function removeOthers(ledger: Ledger, directory: string, expected: (name: string) => boolean): void {
  if (!existsSync(directory)) return; // missing in a dry run
  for (const name of readdirSync(directory)) {
    if (!expected(name)) ledger.remove(join(directory, name), 'no longer belongs here');
  }
}
