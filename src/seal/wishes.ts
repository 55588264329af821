import { COMPILED_DIRECTORY } from '../policy/places.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';

/** Which packages are to be sealed, as asked for: npm lays down an unsealed one with each upgrade. */
export const WISHES = `${COMPILED_DIRECTORY}/seals.json`;

/** The packages' directories; none where nobody asked, or where others than root could have. */
export function wishedSeals(): string[] {
  if (findUntrusted(WISHES, 'file') !== null) return [];
  try {
    const { packages } = JSON.parse(readRegularFile(WISHES, 1 << 20).toString('utf8')) as { packages?: unknown };
    return Array.isArray(packages) ? packages.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}
