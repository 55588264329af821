import type { Pm2Home } from '../runtime/brands.ts';
import { findUntrusted, type Distrust } from '../trust/trust.ts';

/** Null: only root can change it. PM2 follows symlinks in PM2_HOME, and runs the modules and the saved list there. */
export function pm2HomeFault(pm2Home: Pm2Home): string | null {
  const fault = pm2HomeDistrust(pm2Home);
  return fault === null ? null : `${fault.path} ${fault.why}`;
}

export function pm2HomeDistrust(pm2Home: Pm2Home): Distrust | null {
  const fault = findUntrusted(pm2Home, 'directory');
  // `unreadable`: root's directory is closed to the caller, so the caller cannot change it either.
  return fault === null || fault.kind === 'missing' || fault.kind === 'unreadable' ? null : fault;
}
