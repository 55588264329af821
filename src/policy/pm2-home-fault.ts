import { findUntrusted, type Distrust } from '../trust/trust.ts';

/**
 * Why root's daemon may not live in a PM2_HOME: others than root can change it, or a directory above it. PM2 writes
 * there through links, and runs the modules and the saved list that it finds there.
 *
 * @returns a sentence; null: only root can change it. One that is missing is fine where what it would lie in is root's
 * alone.
 */
export function pm2HomeFault(pm2Home: string): string | null {
  const fault = pm2HomeDistrust(pm2Home);
  return fault === null ? null : `${fault.path} ${fault.why}`;
}

/** The same, with the part at fault. */
export function pm2HomeDistrust(pm2Home: string): Distrust | null {
  const fault = findUntrusted(pm2Home, 'directory');
  // `unreadable`: the caller may not look into a directory of root's, so that the caller cannot change it either.
  return fault === null || fault.kind === 'missing' || fault.kind === 'unreadable' ? null : fault;
}
