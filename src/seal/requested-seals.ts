import { COMPILED_DIRECTORY } from '../policy/places.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';

/** Requested seals. npm installs an unsealed pm2 with each upgrade. */
export const REQUESTED_SEALS = `${COMPILED_DIRECTORY}/seals.json`;

/** Empty without requests, or if others than root could change the file. */
export function requestedSeals(): string[] {
  if (findUntrusted(REQUESTED_SEALS, 'file') !== null) return [];
  try {
    const { packages } = JSON.parse(readRegularFile(REQUESTED_SEALS, 1 << 20).toString('utf8')) as {
      packages?: unknown;
    };
    return Array.isArray(packages) ? packages.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}
