import { join } from 'node:path';
import type { Daemon } from './policy.ts';

/**
 * What `pm2 startup` and `pm2 unstartup` have to be told with `--service-name` for a daemon. PM2 calls a boot unit
 * after the user alone (`pm2-www-data`, lib/API/Startup.js), so the units of two daemons of one user would be one file.
 * The daemon in the user's own ~/.pm2, else the first one, keeps PM2's name; each other is called after its own name.
 *
 * @param daemons all that the config declares
 * @returns null: PM2's own name is right
 */
export function serviceNameOf(daemon: Daemon, daemons: readonly Daemon[]): string | null {
  const ofUser = daemons.filter(({ uid }) => uid === daemon.uid);
  const usual = ofUser.find(({ home, userHome }) => home === join(userHome, '.pm2')) ?? ofUser[0];
  if (ofUser.length < 2 || usual === undefined || usual.home === daemon.home) return null;
  const taken = daemons.some(({ user }) => user === daemon.name);
  return taken ? `pm2-${daemon.user}-${daemon.name}` : `pm2-${daemon.name}`;
}

/** The name of the unit that `pm2 startup` writes for a daemon. */
export function bootUnitName(daemon: Daemon, daemons: readonly Daemon[]): string {
  return `${serviceNameOf(daemon, daemons) ?? `pm2-${daemon.user}`}.service`;
}
