import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { accountByUid } from '../identity/accounts.ts';
import { realpathOrNull, statOf } from '../runtime/peek.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';
import { wrappedPm2, type Wrapped } from './wrapper.ts';
import type { Major } from './invocation.ts';

/** Stands in the first KiB of all our files called pm2, so that no copy is taken for the real one. */
export const SHIM_MARK = 'pm2-guard-shim';

/** The same for the file that replaces a sealed pm2's bin/pm2 (src/seal), beside PM2's own file. */
export const DOOR_MARK = `${SHIM_MARK}-door`;
/** The suffix of PM2's own file in a sealed package. */
export const ORIGINAL_SUFFIX = '.pm2-guard-original';

/** A file of the npm package pm2. */
export interface InstalledPm2 {
  /** The path to load, as recorded or found in PATH. It is often a symlink, as argv[1] of the plain pm2 would be. */
  bin: string;
  /** Its physical path. */
  file: string;
  /** PM2's own file, if the package is sealed. */
  original: string | null;
  version: string;
  /** For an unknown version: the nearest known major. */
  major: Major;
  known: boolean;
}

export interface Tried {
  path: string;
  /** As text: `is not executable`. */
  why: string;
  /** Which pm2 it starts, its file does not say; it is one of these. */
  behind?: readonly string[];
}

export type RealPm2 =
  | ({ type: 'found' } & InstalledPm2)
  | { type: 'none'; tried: Tried[] }
  /** It exists, but a user other than root could have changed it. */
  | { type: 'untrusted'; bin: string; file: string; original: string | null; version: string; distrust: Distrust };

export interface Search {
  /** Absolute path from the config or the install record; checked first. */
  recorded: string | null;
  path: string | undefined;
  /** Our own directories. */
  skip: readonly string[];
  /** It will run as root, so no file that another user can write is accepted (docs/contract.md 7.1). */
  asRoot: boolean;
}

/**
 * The real pm2: the recorded one, else the first in PATH that is not ours. A script that names the package it runs,
 * as pnpm's does, and a shim of a version manager that has one pm2 count as that package. Other wrappers are skipped:
 * they call `pm2` again, which is the guard.
 * Relative entries of PATH are never used.
 */
export function findRealPm2({ recorded, path, skip, asRoot }: Search): RealPm2 {
  const tried: Tried[] = [];
  const ours = skip.map((directory) => realpathOrNull(directory) ?? directory);
  const consider = (bin: string, executable: boolean): RealPm2 | null => {
    const seen = inspect(bin, ours, executable);
    const wrapped = seen === NO_PACKAGE ? wrappedBy(bin, asRoot) : null;
    const behind = wrapped?.type === 'package' ? inspect(wrapped.bin, ours, false) : null;
    if (behind !== null && typeof behind !== 'string') return asRoot ? trusted(behind) : { type: 'found', ...behind };
    if (typeof seen !== 'string') return asRoot ? trusted(seen) : { type: 'found', ...seen };
    if (wrapped?.type === 'several')
      tried.push({ path: bin, why: `is a shim of ${wrapped.tool}, which has several`, behind: wrapped.bins });
    else if (seen !== '') tried.push({ path: bin, why: seen });
    return null;
  };
  if (recorded !== null) {
    const found = consider(recorded, false);
    if (found) return found;
  }
  for (const directory of new Set((path ?? '').split(':'))) {
    if (!isAbsolute(directory) || skip.includes(directory)) continue;
    const found = consider(join(directory, 'pm2'), true);
    if (found) return found;
  }
  return { type: 'none', tried };
}

/** `Tried.why` of a program that may be a wrapper of a pm2. */
export const NO_PACKAGE = 'is no file of the npm package pm2';

/** The pm2 behind a script or shim; for root only if root wrote it. */
function wrappedBy(bin: string, asRoot: boolean): Wrapped | null {
  const file = realpathOrNull(bin);
  if (file === null || (asRoot && findUntrusted(bin, 'file') !== null)) return null;
  return wrappedPm2(bin, file);
}

/** The pm2 at this path, or the reason it is none; '' if the path does not exist. */
function inspect(bin: string, ours: readonly string[], executable: boolean): InstalledPm2 | string {
  if (!isAbsolute(bin)) return 'is not an absolute path';
  let file: string;
  try {
    file = realpathSync.native(bin);
    if (executable) accessSync(file, constants.X_OK);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code ?? '') {
      case 'ENOENT':
      case 'ENOTDIR':
        return executable ? '' : 'does not exist';
      case 'ELOOP':
        return 'is a loop of symbolic links';
      case 'EACCES':
        return 'is not executable';
      default:
        return 'cannot be looked at';
    }
  }
  if (ours.some((directory) => file.startsWith(directory + sep))) return "is pm2-guard's own";
  const head = headOf(file);
  if (head === null) return 'is no file that can be read';
  if (head.includes(SHIM_MARK) && !head.includes(DOOR_MARK)) return "is a copy of pm2-guard's own";
  const found = packageOf(file);
  if (found?.name !== 'pm2' || typeof found.version !== 'string') {
    return head.includes(SHIM_MARK) ? "is a copy of pm2-guard's own" : NO_PACKAGE;
  }
  const original = head.includes(DOOR_MARK) ? `${file}${ORIGINAL_SUFFIX}` : null;
  if (original !== null && headOf(original)?.includes(SHIM_MARK) !== false) {
    const reinstall = reinstallCommand(dirname(dirname(file)), found.version);
    return `is sealed, and PM2's own file beside it is gone: ${reinstall}`;
  }
  const major = Number.parseInt(found.version, 10);
  const nearest: Major = major <= 5 ? 5 : major === 6 ? 6 : 7;
  return { bin, file, original, version: found.version, major: nearest, known: nearest === major };
}

/** The files of a pm2 that decide whether root runs it. */
export function partsThatRootRuns({ file, original }: Pick<InstalledPm2, 'file' | 'original'>): string[] {
  return [file, ...(original === null ? [] : [original]), join(dirname(file), '../lib/binaries/CLI.js')];
}

/**
 * Whether root may run a pm2 (docs/contract.md section 8.1). It checks the file, PM2's own file in a sealed package,
 * and the files that are loaded first.
 * @returns the part that a user other than root could change; null: there is none
 */
export function rootMayRun({ file, original }: Pick<InstalledPm2, 'file' | 'original'>): Distrust | null {
  const modules = findUntrusted(join(dirname(file), '../node_modules'), 'directory');
  if (modules !== null && modules.kind !== 'missing') return modules;
  for (const part of partsThatRootRuns({ file, original })) {
    const fault = findUntrusted(part, 'file');
    if (fault !== null && fault.kind !== 'missing') return fault;
  }
  return null;
}

/** If users other than root could change the link to a trusted file, the physical path is used. */
function trusted(found: InstalledPm2): RealPm2 {
  const fault = rootMayRun(found);
  const { bin, file, original, version } = found;
  if (fault !== null) return { type: 'untrusted', bin, file, original, version, distrust: fault };
  return {
    type: 'found',
    ...found,
    bin: found.bin === found.file || findUntrusted(found.bin, 'file') === null ? found.bin : found.file,
  };
}

/** npm's own versions. The text is in package.json, which the owner of the package writes. */
const VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;

/**
 * The command that restores a package, quoted: npm replaces the whole directory. It runs with the rights of the user
 * who can change the directory's parents.
 */
export function reinstallCommand(directory: string, version: string): string {
  const prefix = /^(.*)\/lib\/node_modules\/pm2$/s.exec(directory)?.[1] ?? '';
  const fault = findUntrusted(dirname(directory), 'directory');
  const uid = fault?.kind === 'owner' ? (statOf(fault.path)?.uid ?? 0) : 0;
  // By the real uid: root looks at a user's package with that user's effective uid.
  const other = uid === 0 || uid === process.getuid?.() ? null : (accountByUid(uid)?.name ?? `#${uid}`);
  return commandLineHere([
    ...(other !== null ? ['sudo', '-u', other] : uid === 0 && process.getuid?.() !== 0 ? ['sudo'] : []),
    ...['npm', 'install', '-g'],
    ...(prefix === '' ? [] : ['--prefix', prefix]),
    npmNameOf(version),
  ]);
}

/** What npm installs: this version, if it is one of npm's. */
export function npmNameOf(version: string): string {
  return VERSION.test(version) ? `pm2@${version}` : 'pm2';
}

/** The first KiB of a regular file; null: it is none, or unreadable. */
export function headOf(file: string): string | null {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK); // opening a FIFO called pm2 must not block
  } catch {
    return null;
  }
  try {
    if (!fstatSync(fd).isFile()) return null;
    const head = Buffer.alloc(1024);
    return head.toString('latin1', 0, readSync(fd, head, 0, head.length, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** The nearest package.json above a file. */
function packageOf(file: string): { name?: unknown; version?: unknown } | null {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const manifest = `${directory}/package.json`;
    try {
      // Checked first: bin/ has none, and an exception costs each call 0.1 ms.
      if (existsSync(manifest))
        return JSON.parse(readRegularFile(manifest, 1 << 20).toString('latin1')) as {
          name?: unknown;
          version?: unknown;
        } | null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
    }
    if (directory === dirname(directory)) return null;
  }
}
