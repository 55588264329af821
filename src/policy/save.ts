import { chmodSync, mkdirSync } from 'node:fs';
import type { Uid } from '../runtime/brands.ts';
import { isPrivateDirectory } from '../trust/private-directory.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import type { CompiledPolicy } from './compiled.ts';
import { ownDirectories, ownFile } from './own-compiled.ts';
import { COMPILED_DIRECTORY, COMPILED_FILE } from './places.ts';

/** Root only. Returns null or a warning. A full disk must not fail a call: the config is then read each time. */
export function saveCompiled(compiled: CompiledPolicy): string | null {
  try {
    makeDirectory();
    const fault = findUntrusted(COMPILED_DIRECTORY, 'directory');
    if (fault !== null) return notKept(`${fault.path} ${fault.why}`);
    replaceFile(COMPILED_FILE, inAscii(compiled), 0o644);
    return null;
  } catch (error) {
    return notKept((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

/** For one user (own-compiled.ts), in the first place that works. Silent: the config is then read each time. */
export function saveOwnCompiled(compiled: CompiledPolicy, uid: Uid): void {
  for (const directory of ownDirectories(uid)) {
    try {
      makePrivate(directory);
      if (!isPrivateDirectory(directory, uid)) continue;
      replaceFile(ownFile(directory), inAscii(compiled), 0o600);
      return;
    } catch {
      // missing parent directory, full or read-only disk, or a directory at this path
    }
  }
}

/** Does not create parent directories: /run/user/UID exists only during a session. */
function makePrivate(directory: string): void {
  try {
    mkdirSync(directory, 0o700);
    chmodSync(directory, 0o700); // mkdir applies the umask
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** V8 stores ASCII as one byte a character. The first line is for keptOnError in compiled.ts and for shims/pm2. */
export function inAscii({ onError, ...rest }: CompiledPolicy): string {
  return `{"onError":${JSON.stringify(onError)},\n${JSON.stringify(rest).slice(1)}`.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function makeDirectory(): void {
  try {
    mkdirSync(COMPILED_DIRECTORY);
    chmodSync(COMPILED_DIRECTORY, 0o755); // mkdir applies the umask
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function notKept(why: string): string {
  return `the compiled policy cannot be kept in ${COMPILED_DIRECTORY} (${why}), so each call reads the config anew`;
}
