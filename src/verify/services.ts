import { join } from 'node:path';
import { loadService, unitPlaces } from '../host/boot/load-service.ts';
import { listDirectory } from '../runtime/peek.ts';
import { callsByName } from './way.ts';

/** A systemd service that calls pm2 by name. Units of `pm2 startup` use a path. */
export interface Pm2Service {
  name: string;
  user: string;
  /** From Environment= and EnvironmentFile=. */
  env: Readonly<Record<string, string>>;
}

/** Units of administrators; packages use other directories. */
const PLACES = ['/etc/systemd/system', '/usr/local/lib/systemd/system'];
const MOST_FILES = 2000;

export function servicesThatCallPm2(): Pm2Service[] {
  const found = new Map<string, Pm2Service>();
  const places = unitPlaces(PLACES);
  for (const place of PLACES) {
    for (const name of listDirectory(place, MOST_FILES).filter(
      (entry) => entry.endsWith('.service') && !found.has(entry),
    )) {
      const service = loadService([name], join(place, name), places, null);
      if (service?.isClear === true && service.start.some(callsByName))
        found.set(name, { name, user: service.user ?? 'root', env: service.env });
    }
  }
  return [...found.values()];
}
