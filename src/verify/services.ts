import { join } from 'node:path';
import { loadService, unitPlaces } from '../host/load-service.ts';
import { listDirectory } from '../runtime/peek.ts';
import { callsByName } from './command.ts';

/**
 * A systemd service of this host that calls pm2 by its name. Those of `pm2 startup` name a path, and run as the right
 * user.
 */
export interface Pm2Service {
  /** `deploy.service` */
  name: string;
  user: string;
  /** Of its own Environment= and EnvironmentFile=. */
  env: Readonly<Record<string, string>>;
}

/** Where people write their units; what packages bring is elsewhere. */
const PLACES = ['/etc/systemd/system', '/usr/local/lib/systemd/system'];
const MOST_FILES = 2000;

export function servicesThatCallPm2(): Pm2Service[] {
  const found = new Map<string, Pm2Service>();
  const places = unitPlaces(PLACES);
  for (const place of PLACES) {
    for (const name of listDirectory(place, MOST_FILES).filter(
      (entry) => entry.endsWith('.service') && !found.has(entry),
    )) {
      const service = loadService(name, join(place, name), places, null);
      if (service?.start.some(callsByName)) found.set(name, { name, user: service.user ?? 'root', env: service.env });
    }
  }
  return [...found.values()];
}
