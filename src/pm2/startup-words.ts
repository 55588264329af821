import type { Pm2Home } from '../runtime/brands.ts';
import { dirname, join } from 'node:path';

/**
 * The command that writes a daemon's boot unit, for a user who may use sudo. PM2 takes the unit's PM2_HOME from
 * `--hp`, to which it appends `.pm2`, else from its own PM2_HOME (lib/API/Startup.js of PM2 5.4 to 7.0). So `--hp`
 * only fits a PM2_HOME called `.pm2`. Any other must be in the environment, which sudo clears; env(1) sets it.
 * @param user the daemon's user
 * @param pm2Home absolute
 * @param service for `--service-name`; null: the unit is called pm2-USER
 */
export function startupWords(user: string, pm2Home: Pm2Home, service: string | null = null): string[] {
  const startup = ['pm2', 'startup', 'systemd', '-u', user, ...(service === null ? [] : ['--service-name', service])];
  const parent = dirname(pm2Home);
  if (join(parent, '.pm2') === pm2Home) return ['sudo', ...startup, '--hp', parent];
  return ['sudo', 'env', `PM2_HOME=${pm2Home}`, ...startup];
}
