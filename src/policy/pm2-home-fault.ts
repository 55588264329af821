import { findUntrusted, type Distrust } from '../trust/trust.ts';

/**
 * Why root's daemon may not use a PM2_HOME: another user can change it or a directory above it. PM2 follows symlinks
 * there, and runs the modules and the saved list in it. Null: no fault. A missing PM2_HOME is fine below root's
 * directory.
 */
export function pm2HomeFault(pm2Home: string): string | null {
  const fault = pm2HomeDistrust(pm2Home);
  return fault === null ? null : `${fault.path} ${fault.why}`;
}

export function pm2HomeDistrust(pm2Home: string): Distrust | null {
  const fault = findUntrusted(pm2Home, 'directory');
  // `unreadable`: root's directory is closed to the caller, so the caller cannot change it either.
  return fault === null || fault.kind === 'missing' || fault.kind === 'unreadable' ? null : fault;
}
