import type { Pm2Home } from '../runtime/brands.ts';
import { join } from 'node:path';
import { readRegularFile } from '../trust/read.ts';

export function pidFile(pm2Home: Pm2Home): string {
  return join(pm2Home, 'pm2.pid');
}

/** The pid in pm2.pid, which the user of the PM2_HOME may have written; null: there is none. */
export function pidInFile(pm2Home: Pm2Home): number | null {
  try {
    const text = readRegularFile(pidFile(pm2Home), 64).toString('latin1').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
