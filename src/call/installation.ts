import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findUntrusted } from '../trust/trust.ts';

/** What install wrote down: the real pm2 and the node of this host, by absolute path. */
export interface InstallRecord {
  version: string;
  pm2: string | null;
  node: string | null;
}

/** The directory of the running bundle: a release (src/install/library.ts), or dist/ of a checkout. */
export const BUNDLES = __dirname;

/**
 * The install record above the release, if root alone could have written it; null in a checkout, or where it is
 * damaged: then the real pm2 is looked for in PATH.
 */
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
