import { join } from 'node:path';
import { mayExecute, listDirectory } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';

/** A script of `pm2 startup` for an init that is not systemd: SysV's and upstart's /etc/init.d, OpenRC's. */
export interface BootScript {
  file: string;
  /** USER= of the script, or what it runs as; null: it does not say. */
  user: string | null;
  /** PM2_HOME= of the script; null: the user's own. */
  home: string | null;
  /** The pm2 it runs; null: it does not say. */
  pm2: string | null;
  /** It runs at boot: a start link in rc2.d to rc5.d, a runlevel of OpenRC, or a job of upstart. */
  enabled: boolean;
}

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

/** The boot scripts that set PM2_HOME or run `pm2 resurrect` (templates/init-scripts of PM2), read as text. */
export function bootScripts(root = ''): BootScript[] {
  const starts = RUNLEVELS.flatMap((runlevel) => listDirectory(root + runlevel)).map((name) =>
    name.replace(/^S\d\d/, ''),
  );
  return PLACES.flatMap((place) =>
    listDirectory(root + place).map((name) => ({ file: join(root + place, name), name })),
  ).flatMap(({ file, name }) => {
    const text = textOf(file);
    if (!/PM2_HOME=|\bpm2\b.*\bresurrect\b|\bsuper \$PM2 resurrect\b/.test(text)) return [];
    return [
      {
        file,
        user: literal(/^\s*(?:USER|user)=(.*)$/m.exec(text)?.[1]) ?? literal(/^\s*setuid\s+(.*)$/m.exec(text)?.[1]),
        home: literal(/^\s*(?:export\s+|env\s+)?PM2_HOME=(.*)$/m.exec(text)?.[1]),
        pm2: literal(/^\s*PM2=(.*)$/m.exec(text)?.[1]),
        enabled: name.endsWith('.conf') || (mayExecute(file) && starts.includes(name)),
      },
    ];
  });
}

/** A value that needs no shell to be read; `${PM2_USER:-www-data}` is what it falls back to (openrc.tpl). */
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
