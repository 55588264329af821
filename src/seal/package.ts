import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import type { Identity } from '../identity/switch-user.ts';
import { asGid, asUid } from '../runtime/brands.ts';
import { reinstallCommand } from '../pm2/installed.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { BinDirectory, type FoundPackage } from './bin-directory.ts';
import { doorText } from './text.ts';

/** `leftover`: PM2's own file, with an old original beside it. `outdated`: another version's door, or none. */
export type PackageState = 'open' | 'leftover' | 'sealed' | 'outdated';

export interface Sealable {
  state: PackageState;
  version: string;
  door: string;
  stat: Stats;
}

/** `broken`: the original is missing. `foreign`: not an npm installation of pm2. */
export type Look =
  Sealable | { state: 'broken'; version: string } | { state: 'foreign'; version: string | null; why: string };

/** Which user writes to a package: root if only root can change it, otherwise its owner. */
export type Writer = { type: 'writer'; as: Identity } | { type: 'none'; why: string; next: string };

export function writerOf(directory: string): Writer {
  const bin = join(directory, 'bin');
  const fault = findUntrusted(bin, 'directory') ?? faultOfFile(join(bin, 'pm2'));
  if (fault === null) return { type: 'writer', as: { user: 'root', uid: asUid(0), gid: asGid(0) } };
  const uid = asUid(lstatSync(bin).uid);
  if (uid === 0)
    return {
      type: 'none',
      why: `${fault.path} ${fault.why}, and root does not write where others can`,
      next: cure(fault, directory),
    };
  const account = accountByUid(uid);
  if (account === null)
    return {
      type: 'none',
      why: `it belongs to uid ${uid}, which is no user here`,
      next: quoteCommand(['chown', '-R', 'root:', directory]),
    };
  return { type: 'writer', as: { user: account.name, uid, gid: account.gid } };
}

function faultOfFile(path: string): Distrust | null {
  const fault = findUntrusted(path, 'file');
  return fault?.kind === 'missing' || fault?.kind === 'type' ? null : fault; // lookAt reports it
}

/** Root gives nothing away by path here: users above the package could put a link in its place. */
function cure({ kind, path }: Distrust, directory: string): string {
  if (kind === 'writable') return quoteCommand(['chmod', 'go-w', path]);
  const owner = asUid(lstatSync(path).uid);
  return owner === 0 || accountByUid(owner) === null
    ? quoteCommand(['ls', '-ld', path])
    : reinstallCommand(directory, versionOf(directory) ?? '');
}

/** Call it with the owner's rights. @throws system error; UnreadableFile for an entry that is not a regular file */
export function lookAt(directory: string, opened: BinDirectory, door: string): Look {
  const version = versionOf(directory);
  if (version === null) return { state: 'foreign', version, why: 'it is not the npm package pm2' };
  const [bin, original] = [opened.bin(), opened.original()];
  const own = bin === null || bin.door ? original : bin;
  if (own === null || own.door)
    return bin === null
      ? { state: 'foreign', version, why: 'there is no bin/pm2 in it' }
      : { state: 'broken', version };
  const made = doorText(own.text, door);
  if (made.type === 'foreign') return { state: 'foreign', version, why: `bin/pm2 ${made.why}` };
  return { state: stateOf(bin, original, made.text), version, door: made.text, stat: own.stat };
}

function stateOf(bin: FoundPackage | null, original: FoundPackage | null, door: string): PackageState {
  if (bin === null || bin.door) return bin?.text === door ? 'sealed' : 'outdated';
  return original === null ? 'open' : 'leftover';
}

/** PM2's version; null: it is not the package pm2, or unreadable. */
export function versionOf(directory: string): string | null {
  try {
    const { name, version } = JSON.parse(
      readRegularFile(join(directory, 'package.json'), 1 << 20).toString('utf8'),
    ) as { name?: unknown; version?: unknown };
    return name === 'pm2' && typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}

export function inBin<Result>(directory: string, action: (opened: BinDirectory) => Result): Result {
  const opened = new BinDirectory(join(directory, 'bin'));
  try {
    return action(opened);
  } finally {
    opened.close();
  }
}
