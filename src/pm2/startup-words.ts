import { dirname, join } from 'node:path';

/**
 * The command that writes the boot unit of one daemon, typed by a user who may use sudo. PM2 takes the unit's PM2_HOME
 * from `--hp`, to which it adds `.pm2`, else from its own PM2_HOME (lib/API/Startup.js of PM2 5.4 to 7.0). So `--hp`
 * can only name a PM2_HOME that is called `.pm2`; any other has to be in the environment, which sudo clears: hence
 * env(1).
 *
 * @param user the daemon's user
 * @param pm2Home absolute
 * @param service for `--service-name`; null: the unit is called pm2-USER
 */
export function startupWords(user: string, pm2Home: string, service: string | null = null): string[] {
  const startup = ['pm2', 'startup', 'systemd', '-u', user, ...(service === null ? [] : ['--service-name', service])];
  const parent = dirname(pm2Home);
  if (join(parent, '.pm2') === pm2Home) return ['sudo', ...startup, '--hp', parent];
  return ['sudo', 'env', `PM2_HOME=${pm2Home}`, ...startup];
}
