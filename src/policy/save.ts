import { chmodSync, mkdirSync } from 'node:fs';
import { distrust } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import type { CompiledPolicy } from './compiled.ts';
import { COMPILED_DIRECTORY, COMPILED_FILE } from './places.ts';

/**
 * Keeps a compiled policy for the next calls of everybody; for root only. A disk that is full or read-only never fails a
 * call: the config is then read anew each time.
 *
 * @returns null, or one line for people
 */
export function saveCompiled(compiled: CompiledPolicy): string | null {
  try {
    makeDirectory();
    const fault = distrust(COMPILED_DIRECTORY, 'directory');
    if (fault !== null) return notKept(`${fault.path} ${fault.why}`);
    replaceFile(COMPILED_FILE, inAscii(compiled), 0o644);
    return null;
  } catch (error) {
    return notKept((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

/**
 * JSON with everything beyond ASCII escaped: V8 keeps it as one byte a character and looks at nothing twice. Its first line
 * is whole where the rest is not, and for readers who do not parse it (compiled.ts keptOnError, shims/pm2).
 */
export function inAscii({ onError, ...rest }: CompiledPolicy): string {
  return `{"onError":${JSON.stringify(onError)},\n${JSON.stringify(rest).slice(1)}`.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
