import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Ledger } from './ledger.ts';
import { MADE_DIRECTORIES } from './places.ts';

/** Makes the missing parent directories. Records them first: uninstall finds them even if this install is killed. */
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

export function removeMade(ledger: Ledger): void {
  for (const path of made().sort((a, b) => b.length - a.length)) ledger.removeEmpty(path);
}

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
