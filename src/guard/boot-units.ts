import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Uid, Pm2Home } from '../runtime/brands.ts';

/** A bundle of its own (src/bin/boot-unit.ts), because few calls need it. */
export interface BootUnits {
  bootUnitOf(seat: { uid: Uid; pm2Home: Pm2Home }): string | null;
  unitThatEndsAll(seat: { uid: Uid; pm2Home: Pm2Home }): string | null;
  startUnit(name: string): string | null;
  startUnitBySudo(sudo: string, name: string): string | null;
}

/** By absolute path, so that NODE_PATH and the current directory have no effect. Null: missing. */
export function bootUnits(): BootUnits | null {
  try {
    return createRequire('/')(join(__dirname, 'boot-unit.cjs')) as BootUnits;
  } catch {
    return null; // a damaged installation must not stop pm2
  }
}
