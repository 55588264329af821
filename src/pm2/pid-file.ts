import { join } from 'node:path';
import { readRegularFile } from '../trust/read.ts';

/** The pid that pm2.pid in a PM2_HOME holds, which its user may have written; null: there is none. */
export function pidInFile(pm2Home: string): number | null {
  try {
    const text = readRegularFile(join(pm2Home, 'pm2.pid'), 64).toString('latin1').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
