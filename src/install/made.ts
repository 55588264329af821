import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ledger } from './ledger.ts';
import { MADE_DIRECTORIES } from './places.ts';

/**
 * The directories above `paths`, where they are not there yet, outside of our own: written down, so that uninstall
 * leaves none behind. First written down, then made: an install that is broken off has made nothing that nobody knows
 * of.
 */
export function makeAbove(ledger: Ledger, paths: readonly string[]): void {
  const missing = [...new Set(paths.flatMap(missingAbove))];
  if (missing.length === 0) return;
  ledger.file(
    MADE_DIRECTORIES,
    Buffer.from([...new Set([...made(), ...missing])].map((path) => `${path}\n`).join('')),
    0o644,
  );
  for (const path of missing) ledger.directory(path, 0o755);
}

/** Those in which nothing else has come to live. */
export function removeMade(ledger: Ledger): void {
  for (const path of made().sort((a, b) => b.length - a.length)) ledger.removeEmpty(path);
}

/** The directories above a path that are not there, from the top. */
function missingAbove(path: string): string[] {
  const directory = dirname(path);
  return existsSync(directory) ? [] : [...missingAbove(directory), directory];
}

function made(): string[] {
  try {
    return readFileSync(MADE_DIRECTORIES, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('/'));
  } catch {
    return [];
  }
}
