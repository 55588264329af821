import { readFileSync } from 'node:fs';
import type { WayToRoot } from '../terminal/root-command.ts';
import { RECORD } from './places.ts';
import type { LayerChoice } from './layers/layers.ts';
import type { Switching } from './switching.ts';

/** What install found on this host (install.json), so that calls need not search for it. */
export interface Install {
  version: string;
  /** Absolute real path of PM2's bin/pm2; null: none found. */
  pm2: string | null;
  pm2Version: string | null;
  node: string;
  /** How root becomes another user with that node. */
  switching: Switching | null;
  /** How printed commands become root. */
  wayToRoot: WayToRoot;
  /** The command that repairs a damaged installation. The shims print it. */
  repair: string;
  layers: LayerChoice;
}

/** Null where the record is missing or damaged. For reports only: the content is not trusted. */
export function readInstall(): Partial<Install> | null {
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
