import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { accountByName, accountByUid, localAccounts, type Account } from '../identity/accounts.ts';
import { linkOf, listDirectory, realpathOrNull } from '../runtime/peek.ts';
import { NO_UID, ROOT, wordOf, type Word } from '../trust/word.ts';
import { loadService, unitPlaces, type LoadedService } from './load-service.ts';

export interface Unit {
  name: string;
  file: string;
  /** User of the service manager; null: the system's. */
  manager: string | null;
  /** User= of a system unit; null: root, or the manager's user (which ignores User=, systemd.exec(5)). */
  user: string | null;
  /** PM2_HOME in its environment. */
  home: string | null;
  /** HOME and PATH in its environment. With User= systemd sets HOME itself. */
  userHome: string | null;
  path: string | null;
  start: string[];
  pidFile: string | null;
  enabled: boolean;
  /** Its manager runs from boot on: the system's, or a lingering user's (loginctl(1)). */
  lingers: boolean;
  /** Null: no such account. */
  account: Account | null;
  /** Without symlinks; null: missing. */
  program: string | null;
  /** First node in its PATH, without symlinks. */
  node: string | null;
}

/** systemd's PATH for a unit without one (systemd.exec(5)). */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An earlier path wins (systemd.unit(5)). */
const PLACES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const USER_PLACES = ['/etc/systemd/user', '/usr/local/lib/systemd/user', '/usr/lib/systemd/user'];
/** One file per lingering user. */
const LINGERING = '/var/lib/systemd/linger';
const MOST_FILES = 5000;
const MOST_OF_A_USER = 500;
/** Limits for one user's units and drop-ins. */
const SHARE_OF_A_USER = { files: 2000, bytes: 8 << 20 };

/**
 * Units that set PM2_HOME or run `pm2 resurrect` (templates/init-scripts/systemd.tpl of PM2). Read as text, because
 * systemctl needs a booted systemd.
 */
export function pm2Units(places: readonly string[] = PLACES): Unit[] {
  return unitsIn(places, null);
}

/** Units of user managers. They start at login, or at boot for a lingering user. */
export function pm2UserUnits(): Unit[] {
  return localAccounts().flatMap(({ name, home }) => {
    const own = join(home, '.config/systemd/user');
    return listDirectory(own, MOST_OF_A_USER).length === 0 ? [] : unitsIn([own, ...USER_PLACES], name);
  });
}

/** The user whose statement a unit is. A system unit is root's: systemd runs it as root, whatever its owner. */
export function wordOfUnit({ manager }: Pick<Unit, 'manager'>): Word {
  return manager === null ? ROOT : wordOf(accountByName(manager)?.uid ?? NO_UID);
}

function unitsIn(paths: readonly string[], manager: string | null): Unit[] {
  const places = unitPlaces(paths, manager === null ? null : { ...SHARE_OF_A_USER });
  const wanted = wantedNames(paths, manager === null ? MOST_FILES : MOST_OF_A_USER);
  const found: Unit[] = [];
  const seen = new Set<string>();
  for (const place of paths) {
    for (const name of listDirectory(place, manager === null ? MOST_FILES : MOST_OF_A_USER).filter((entry) =>
      entry.endsWith('.service'),
    )) {
      if (seen.has(name)) continue;
      seen.add(name);
      const file = join(place, name);
      if (isAlias(file, paths)) continue;
      // A template alone starts nothing. Its wanted instances do.
      for (const one of name.endsWith('@.service') ? instancesOf(name, wanted) : [name]) {
        const service = loadService(one, file, places, manager);
        if (service !== null && isOfPm2(service)) found.push(unitOf(one, file, service, manager, wanted));
      }
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isOfPm2({ text, env }: LoadedService): boolean {
  return (
    env['PM2_HOME'] !== undefined ||
    text.includes('PM2_HOME=') ||
    text.split('\n').some((line) => /\bresurrect\b/.test(line) && /\bpm2\b/.test(line))
  );
}

/** A symlink to a unit of another name is an alias of it (systemctl(1), enable: Alias=). */
function isAlias(file: string, places: readonly string[]): boolean {
  const real = linkOf(file) === null ? null : realpathOrNull(file);
  return (
    real !== null &&
    basename(real) !== basename(file) &&
    places.some((place) => realpathOrNull(place) === dirname(real))
  );
}

function unitOf(
  name: string,
  file: string,
  { env, start, pidFile, ...service }: LoadedService,
  manager: string | null,
  wanted: ReadonlySet<string>,
): Unit {
  const user = manager === null ? service.user : null;
  const variable = (key: string) => (env[key] === undefined || env[key] === '' ? null : env[key]);
  return {
    name,
    file,
    manager,
    user,
    start,
    pidFile,
    home: variable('PM2_HOME'),
    userHome: variable('HOME'),
    path: variable('PATH'),
    enabled: wanted.has(name),
    lingers: manager === null || existsSync(join(LINGERING, manager)),
    account: accountOf(user ?? manager ?? 'root'),
    program: start[0]?.startsWith('/') ? realpathOrNull(start[0]) : null,
    node:
      (variable('PATH') ?? DEFAULT_PATH)
        .split(':')
        .filter((directory) => directory.startsWith('/'))
        .map((directory) => realpathOrNull(join(directory, 'node')))
        .find((node) => node !== null) ?? null,
  };
}

/** User= may be a number. */
function accountOf(user: string): Account | null {
  return accountByName(user) ?? (/^\d+$/.test(user) ? accountByUid(Number(user)) : null);
}

/** Names with links in `multi-user.target.wants` and the like. `most`: directories per path, and names in all. */
function wantedNames(places: readonly string[], most: number): Set<string> {
  const directories = places.flatMap((place) =>
    listDirectory(place, most)
      .filter((entry) => /\.(wants|requires|upholds)$/.test(entry))
      .map((entry) => join(place, entry)),
  );
  const found = new Set<string>();
  let left = most;
  for (const directory of directories) {
    const names = listDirectory(directory, left);
    left -= names.length;
    for (const name of names) if (existsSync(join(directory, name))) found.add(name);
    if (left <= 0) break;
  }
  return found;
}

function instancesOf(template: string, wanted: ReadonlySet<string>): string[] {
  const prefix = template.slice(0, -'.service'.length);
  return [...wanted].filter((name) => name.startsWith(prefix) && name !== template);
}
