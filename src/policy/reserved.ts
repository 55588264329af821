/** For calls of `pm2-guard verify`. The guard blocks them in every mode, which proves that it is active. */
export const RESERVED = 'pm2-guard-verify-';

export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED);
}
