import { join } from 'node:path';
import type { Daemon } from './policy.ts';

/**
 * PM2 names a unit after the user only (lib/API/Startup.js), so a second daemon needs `--service-name`. The daemon in
 * ~/.pm2, else the first one, keeps PM2's name. Null: PM2's name is right.
 */
export function serviceNameOf(daemon: Daemon, daemons: readonly Daemon[]): string | null {
  const ofUser = daemons.filter(({ uid }) => uid === daemon.uid);
  const usual = ofUser.find(({ pm2Home, homeDirectory }) => pm2Home === join(homeDirectory, '.pm2')) ?? ofUser[0];
  if (ofUser.length < 2 || usual === undefined || usual.pm2Home === daemon.pm2Home) return null;
  const taken = daemons.some(({ user }) => user === daemon.name);
  return taken ? `pm2-${daemon.user}-${daemon.name}` : `pm2-${daemon.name}`;
}

export function bootUnitName(daemon: Daemon, daemons: readonly Daemon[]): string {
  return `${serviceNameOf(daemon, daemons) ?? `pm2-${daemon.user}`}.service`;
}
