import { join } from 'node:path';
import { distinctPlaces, listDirectory, mayExecute, statOf } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { PLACES as PLACES_OF_UNITS } from './units.ts';

/** A script of `pm2 startup` for SysV, upstart or OpenRC, or a line of rc.local. */
export interface BootScript {
  file: string;
  /** Null: not set. */
  user: string | null;
  /** Null: the user's default. */
  pm2Home: string | null;
  pm2: string | null;
  /** It has a start link in rc2.d to rc5.d, an OpenRC runlevel or an upstart job. */
  enabled: boolean;
  /** Of rc.local; null: the whole file. */
  line: number | null;
}

/** On Red Hat /etc/init.d is a link to the second. */
const PLACES = ['/etc/init.d', '/etc/rc.d/init.d', '/etc/init'];
const RUNLEVELS = [
  '/etc/rc2.d',
  '/etc/rc3.d',
  '/etc/rc4.d',
  '/etc/rc5.d',
  '/etc/rc.d/rc3.d',
  '/etc/rc.d/rc5.d',
  '/etc/runlevels/default',
  '/etc/runlevels/boot',
];
const MAX_BYTES = 1 << 18;

/**
 * Scripts that set PM2_HOME or run `pm2 resurrect` (PM2's templates/init-scripts), read as text.
 * @param isSystemd systemd starts no upstart job. A script with a unit of the same name does not start either, even if
 * the unit is disabled (systemd-sysv-generator(8))
 */
export function bootScripts(isSystemd: boolean, root = ''): BootScript[] {
  const starts = RUNLEVELS.flatMap((runlevel) => listDirectory(root + runlevel)).map((name) =>
    name.replace(/^S\d\d/, ''),
  );
  const files = distinctPlaces(PLACES.map((place) => root + place)).flatMap((place) =>
    listDirectory(place).map((name) => ({ file: join(place, name), name })),
  );
  return files.flatMap(({ file, name }) => {
    const text = textOf(file);
    if (!/PM2_HOME=|\bpm2\b.*\bresurrect\b|\bsuper \$PM2 resurrect\b/.test(text)) return [];
    return [
      {
        file,
        user: literal(/^\s*(?:USER|user)=(.*)$/m.exec(text)?.[1]) ?? literal(/^\s*setuid\s+(.*)$/m.exec(text)?.[1]),
        pm2Home: literal(/^\s*(?:export\s+|env\s+)?PM2_HOME=(.*)$/m.exec(text)?.[1]),
        pm2: literal(/^\s*PM2=(.*)$/m.exec(text)?.[1]),
        enabled: name.endsWith('.conf')
          ? !isSystemd
          : mayExecute(file) && starts.includes(name) && !(isSystemd && hasUnit(name, root)),
        line: null,
      },
    ];
  });
}

function hasUnit(script: string, root: string): boolean {
  const name = `${script.replace(/\.sh$/, '')}.service`;
  return PLACES_OF_UNITS.some((place) => statOf(join(root + place, name)) !== null);
}

/** A value without shell syntax. `${PM2_USER:-www-data}` gives its default (openrc.tpl). */
function literal(value: string | undefined): string | null {
  const plain = value
    ?.trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .replace(/^\$\{\w+:-([^}$]*)\}$/, '$1');
  return plain === undefined || plain === '' || /[$`\s]/.test(plain) ? null : plain;
}

function textOf(file: string): string {
  try {
    return readRegularFile(file, MAX_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
