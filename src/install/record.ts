import { readFileSync } from 'node:fs';
import { RECORD } from './places.ts';
import type { LayerChoice } from './layers/layers.ts';
import type { Switching } from './switching.ts';

/** What install found on this host, for calls that must not search for it (install.json). */
export interface Install {
  version: string;
  /** Absolute real path of PM2's bin/pm2; null: the machine has none. */
  pm2: string | null;
  pm2Version: string | null;
  /** Absolute real path of a node that only root can change. */
  node: string;
  /** How root's calls become another user with that node, as it was found at install. */
  switching: Switching | null;
  /** What to type where the installed copy is damaged; the shims say it. */
  repair: string;
  /** Which ways to us were chosen; a later install keeps to it. */
  layers: LayerChoice;
}

/** The record as written last; null where there is none or it is damaged. For a report: it gives no trust. */
export function readRecord(): Partial<Install> | null {
  try {
    const record: unknown = JSON.parse(readFileSync(RECORD, 'utf8'));
    return typeof record === 'object' && record !== null ? record : null;
  } catch {
    return null;
  }
}

export function recordText(install: Install): Buffer {
  return Buffer.from(`${JSON.stringify(install, null, 2)}\n`);
}
