import { join } from 'node:path';
import { readRegularFile } from '../trust/read.ts';

/** Where PM2's daemon writes its pid. */
export function pidFile(pm2Home: string): string {
  return join(pm2Home, 'pm2.pid');
}

/** The pid that pm2.pid in a PM2_HOME holds, which its user may have written; null: there is none. */
export function pidInFile(pm2Home: string): number | null {
  try {
    const text = readRegularFile(pidFile(pm2Home), 64).toString('latin1').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
