import { distrust } from '../trust/trust.ts';

/**
 * Why root's daemon may not live in a PM2_HOME: others than root can change it, or a directory above it. PM2 writes
 * there through links, and runs the modules and the saved list that it finds there.
 *
 * @returns a sentence; null: only root can change it. One that is missing is fine where what it would lie in is root's
 * alone.
 */
export function pm2HomeFault(pm2Home: string): string | null {
  const fault = distrust(pm2Home, 'directory');
  // `unreadable`: the caller may not look into a directory of root's, so that the caller cannot change it either.
  if (fault === null || fault.kind === 'missing' || fault.kind === 'unreadable') return null;
  return `${fault.path} ${fault.why}`;
}
