import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';

/** The real pm2 and node of this host as absolute paths, written by install. */
export interface InstallRecord {
  version: string;
  pm2: string | null;
  node: string | null;
}

/** A release (src/install/library.ts), or dist/ of a checkout. */
export const BUNDLES = __dirname;

/** Null: in a checkout, damaged, or writable by others than root. The real pm2 is then searched in PATH. */
export function installRecord(): InstallRecord | null {
  const file = `${dirname(BUNDLES)}/install.json`;
  if (findUntrusted(file, 'file')) return null;
  try {
    const { version, pm2, node } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { version: text(version) ?? '', pm2: text(pm2), node: text(node) };
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
