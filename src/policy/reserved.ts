/**
 * Names that begin so belong to nobody, whatever the config says: `pm2-guard verify` makes calls with them, which must
 * be blocked, for everybody and in every mode. They are how it knows that the guard itself answered.
 */
export const RESERVED = 'pm2-guard-verify-';

export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED);
}
