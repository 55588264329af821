import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readService } from '../host/unit-file.ts';
import { namesIn } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { callsByName } from './command.ts';

/** A systemd service of this host that calls pm2 by its name. Those of `pm2 startup` name a path, and run as the right user. */
export interface Service {
  /** `deploy.service` */
  name: string;
  user: string;
  /** Of its own Environment=. */
  env: Readonly<Record<string, string>>;
}

/** Where people write their units; what packages bring is elsewhere. */
const PLACES = ['/etc/systemd/system', '/usr/local/lib/systemd/system'];
const MOST_FILES = 2000;
const MAX_BYTES = 1 << 20;

export function servicesThatCallPm2(): Service[] {
  const found = new Map<string, Service>();
  for (const place of PLACES) {
    for (const name of namesIn(place, MOST_FILES).filter((entry) => entry.endsWith('.service'))) {
      const text = [join(place, name), ...PLACES.flatMap((other) => namesIn(join(other, `${name}.d`), MOST_FILES).filter((entry) => entry.endsWith('.conf')).map((entry) => join(other, `${name}.d`, entry)))].map(textOf).join('\n');
      const { user, env, start } = readService(text, name);
      if (start.some(callsByName) && !found.has(name)) found.set(name, { name, user: user ?? 'root', env });
    }
  }
  return [...found.values()];
}

function textOf(file: string): string {
  try {
    return readRegularFile(realpathSync.native(file), MAX_BYTES).toString('utf8');
  } catch {
    return ''; // a masked unit is a link to /dev/null
  }
}
