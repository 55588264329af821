import { chmodSync, mkdirSync } from 'node:fs';
import { isPrivateDirectory } from '../trust/private-directory.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import type { CompiledPolicy } from './compiled.ts';
import { ownDirectories, ownFile } from './own-compiled.ts';
import { COMPILED_DIRECTORY, COMPILED_FILE } from './places.ts';

/**
 * Keeps a compiled policy for the next calls of everybody; for root only. A disk that is full or read-only never fails
 * a call: the config is then read anew each time.
 *
 * @returns null, or one line for people
 */
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

/**
 * Keeps a compiled policy for the next calls of one user (own-compiled.ts), in the first place that takes it. Where
 * none does, nothing is said: the config is then read anew each time.
 *
 * @param uid effective uid of this process; not root's
 */
export function saveOwnCompiled(compiled: CompiledPolicy, uid: number): void {
  for (const directory of ownDirectories(uid)) {
    try {
      makePrivate(directory);
      if (!isPrivateDirectory(directory, uid)) continue;
      replaceFile(ownFile(directory), inAscii(compiled), 0o600);
      return;
    } catch {
      // no such directory above it, a full or read-only disk, a directory in the place of the file
    }
  }
}

/** Only in a directory that is there: no session, no /run/user/UID. */
function makePrivate(directory: string): void {
  try {
    mkdirSync(directory, 0o700);
    chmodSync(directory, 0o700); // whatever the umask
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * JSON with everything beyond ASCII escaped: V8 keeps it as one byte a character and looks at nothing twice. Its first
 * line is whole where the rest is not, and for readers who do not parse it (compiled.ts keptOnError, shims/pm2).
 */
export function inAscii({ onError, ...rest }: CompiledPolicy): string {
  return `{"onError":${JSON.stringify(onError)},\n${JSON.stringify(rest).slice(1)}`.replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function makeDirectory(): void {
  try {
    mkdirSync(COMPILED_DIRECTORY);
    chmodSync(COMPILED_DIRECTORY, 0o755); // whatever the umask
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function notKept(why: string): string {
  return `the compiled policy cannot be kept in ${COMPILED_DIRECTORY} (${why}), so each call reads the config anew`;
}
