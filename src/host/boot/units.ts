import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accountByName, localAccounts, type Account } from '../../identity/accounts.ts';
import { NO_UID } from '../../runtime/brands.ts';
import { listDirectory, realpathOrNull } from '../../runtime/peek.ts';
import { ROOT, wordOf, type Word } from '../../trust/word.ts';
import { loadedService, loadService, unitPlaces, type LoadedService, type UnitPlaces } from './load-service.ts';
import { loadedUnit } from './loaded-unit.ts';
import { accountOf, type Runner } from './runner.ts';
import { startedByTimers } from './timers.ts';
import { unitNames, type UnitNames } from './unit-names.ts';
import type { Manager } from './unit-specifiers.ts';
import { scriptWithPm2 } from './called-script.ts';
import { startedSeat, startOfUnit, type StartedSeat, type UnclearStart } from './unit-start.ts';

export interface Unit {
  name: string;
  file: string;
  /** User of the service manager; null: the system's. */
  manager: string | null;
  /** User= of a system unit; null: root, or the manager's user (which ignores User=, systemd.exec(5)). */
  user: string | null;
  /** PM2_HOME in its environment. */
  pm2Home: string | null;
  /** HOME and PATH in its environment. With User= systemd sets HOME itself. */
  homeDirectory: string | null;
  path: string | null;
  start: string[];
  pidFile: string | null;
  enabled: boolean;
  /** Its manager runs from boot on: the system's, or a lingering user's (loginctl(1)). */
  lingers: boolean;
  /** Of the daemon that it starts; null: no such account. */
  account: Account | null;
  /** The daemon, where ExecStart= names another user or PM2_HOME; null: it is as the unit's own settings say. */
  seat: StartedSeat | null;
  /** ExecStart= names apps, so that it starts some without a saved list. */
  namesApps: boolean;
  /** Without symlinks; null: missing. */
  program: string | null;
  /** First node in its PATH, else the one that ExecStart= names; without symlinks. */
  node: string | null;
}

/** systemd's PATH for a unit without one (systemd.exec(5)). */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An earlier path wins (systemd.unit(5)). */
export const PLACES = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
/** In the user's home directory, before and after those of root. */
const OWN_PLACES = {
  first: ['.config/systemd/user.control', '.config/systemd/user'],
  last: '.local/share/systemd/user',
};
const USER_PLACES = ['/etc/systemd/user', '/run/systemd/user'];
const PACKAGED_USER_PLACES = ['/usr/local/lib/systemd/user', '/usr/lib/systemd/user'];
/** One file per lingering user. */
const LINGERING = '/var/lib/systemd/linger';
const MOST_FILES = 5000;
const MOST_OF_A_USER = 500;
const MOST_ALIASES = 16;
/** Limits for one user's units and drop-ins. */
const SHARE_OF_A_USER = { files: 2000, bytes: 8 << 20 };

/** Units that run pm2, and those of them that start a daemon which is not known. */
export interface Pm2Units {
  units: Unit[];
  unclear: UnclearStart[];
}

/**
 * Units that set PM2_HOME or start apps with pm2 (templates/init-scripts/systemd.tpl of PM2). Read as text, because
 * systemctl needs a booted systemd. A booted one is asked only for what is unknown here.
 */
export function pm2Units(places: readonly string[] = PLACES): Unit[] {
  return allPm2Units(places).units;
}

export function allPm2Units(places: readonly string[] = PLACES): Pm2Units {
  return unitsIn(places, null);
}

/** Units of user managers. They start at login, or at boot for a lingering user. */
export function pm2UserUnits(): Unit[] {
  return allPm2UserUnits().units;
}

export function allPm2UserUnits(): Pm2Units {
  const found = localAccounts().map((account): Pm2Units => {
    const [first, last] = [
      OWN_PLACES.first.map((own) => join(account.homeDirectory, own)),
      join(account.homeDirectory, OWN_PLACES.last),
    ];
    if ([...first, last].every((own) => listDirectory(own, 1).length === 0)) return { units: [], unclear: [] };
    return unitsIn([...first, ...USER_PLACES, last, ...PACKAGED_USER_PLACES], account);
  });
  return { units: found.flatMap(({ units }) => units), unclear: found.flatMap(({ unclear }) => unclear) };
}

/** The user whose statement a unit is. A system unit is root's: systemd runs it as root, whatever its owner. */
export function wordOfUnit({ manager }: Pick<Unit, 'manager'>): Word {
  return manager === null ? ROOT : wordOf(accountByName(manager)?.uid ?? NO_UID);
}

function unitsIn(paths: readonly string[], manager: Manager): Pm2Units {
  const places = unitPlaces(paths, manager === null ? null : { ...SHARE_OF_A_USER });
  const names = unitNames(paths, manager === null ? MOST_FILES : MOST_OF_A_USER);
  const started = startedByTimers(names, manager);
  const units: Unit[] = [];
  const unclear: UnclearStart[] = [];
  for (const [name, file] of names.services) {
    // A template alone starts nothing. Its instances do.
    for (const one of name.endsWith('@.service') ? instancesOf(name, names, started) : [name]) {
      const service = serviceOf([one, ...aliasesOf(one, names)], file, places, manager);
      if (service === null) continue;
      const runner = runnerOf(service, manager);
      const start = startOfUnit(service.start, service.env, runner);
      const isStarted = names.wanted.has(one) || (started.has(one) && startsApps(service));
      const named = service.isClear ? startedSeat(start, runner) : 'unclear';
      // A user's unit says nothing about a daemon of another user.
      const isForeign = manager !== null && typeof named === 'object' && named?.account.uid !== manager.uid;
      const seat = named !== null && isForeign ? 'unclear' : named;
      const script = isStarted && manager === null && start === null ? scriptWithPm2(service.start) : null;
      if (start === null && !isOfPm2(service)) {
        if (script === null) continue;
      } else if (seat !== 'unclear') {
        const unit = unitOf(one, file, service, manager, isStarted, seat);
        // The user of DynamicUser= exists only while the unit runs.
        if (!service.isDynamic || (unit.user !== null && unit.account !== null)) units.push(unit);
        continue;
      }
      const why = script === null ? 'its settings or its ExecStart= are not understood' : `${script} calls pm2`;
      const account = service.user === null && !service.isClear ? null : accountOf(runner.user);
      unclear.push({ name: one, file, enabled: isStarted, account, why });
    }
  }
  return { units: units.sort((a, b) => (a.name < b.name ? -1 : 1)), unclear };
}

/** As it is read here, and as systemd has read it where something of it is unknown here. */
function serviceOf(
  names: readonly [string, ...string[]],
  file: string,
  places: UnitPlaces,
  manager: Manager,
): LoadedService | null {
  const service = loadService(names, file, places, manager);
  if (service === null || service.isClear || manager !== null) return service;
  if (!isOfPm2(service) && startOfUnit(service.start, {}, runnerOf(service, null)) === null) return service;
  const loaded = loadedUnit(names[0]);
  return loaded === null ? service : loadedService(loaded, service, places);
}

/** As systemd runs ExecStart=. It sets HOME only for a service with User= (systemd.exec(5)). */
function runnerOf({ user, env }: LoadedService, manager: Manager): Runner {
  const own = manager?.name ?? user;
  return {
    user: own ?? 'root',
    pm2Home: variable(env, 'PM2_HOME'),
    homeDirectory: variable(env, 'HOME') ?? (own === null ? null : (accountOf(own)?.homeDirectory ?? null)),
    inSession: false,
  };
}

function variable(env: Readonly<Record<string, string>>, key: string): string | null {
  return env[key] === undefined || env[key] === '' ? null : env[key];
}

function isOfPm2({ commands, env }: LoadedService): boolean {
  return (
    env['PM2_HOME'] !== undefined ||
    commands.some((line) => line.includes('PM2_HOME=') || (/\bresurrect\b/.test(line) && /\bpm2\b/.test(line)))
  );
}

/** A timer may also run `pm2 save` or the like. */
function startsApps({ commands }: LoadedService): boolean {
  return commands.some((line) => /\b(resurrect|start|pm2-runtime)\b/.test(line));
}

function unitOf(
  name: string,
  file: string,
  { env, start, pidFile, ...service }: LoadedService,
  manager: Manager,
  enabled: boolean,
  seat: StartedSeat | null,
): Unit {
  const user = manager === null ? service.user : null;
  return {
    name,
    file,
    manager: manager?.name ?? null,
    user,
    start,
    pidFile,
    pm2Home: variable(env, 'PM2_HOME'),
    homeDirectory: variable(env, 'HOME'),
    path: variable(env, 'PATH'),
    enabled,
    lingers: manager === null || existsSync(join(LINGERING, manager.name)),
    account: seat?.account ?? accountOf(user ?? manager?.name ?? 'root'),
    seat,
    namesApps: start.some((word) => /\b(start\w*|pm2-runtime|pm2-docker)\b/.test(word)),
    program: start[0]?.startsWith('/') ? realpathOrNull(start[0]) : null,
    node: nodeOf(start[0] ?? '', variable(env, 'PATH') ?? DEFAULT_PATH),
  };
}

/** PM2 starts its daemon with node from PATH. If PATH has none, it uses the node that runs PM2. */
function nodeOf(program: string, path: string): string | null {
  const files = path
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, 'node'));
  const found = files.map(realpathOrNull).find((node) => node !== null) ?? null;
  return found ?? (/\/node(js)?$/.test(program) ? realpathOrNull(program) : null);
}

/** Those that a target wants or a timer starts, without those that have a file of their own. */
function instancesOf(template: string, { services, wanted }: UnitNames, started: ReadonlySet<string>): string[] {
  const prefix = template.slice(0, -'.service'.length);
  return [...new Set([...wanted, ...started])].filter(
    (name) => name.startsWith(prefix) && name.endsWith('.service') && name !== template && !services.has(name),
  );
}

function aliasesOf(name: string, { aliases }: UnitNames): readonly string[] {
  const [, prefix, instance] = /^([^@]*@)(.+\.service)$/.exec(name) ?? [];
  const ofTemplate = prefix === undefined ? [] : (aliases.get(`${prefix}.service`) ?? []);
  return [
    ...(aliases.get(name) ?? []),
    ...ofTemplate.map((alias) => alias.replace('@.service', `@${instance ?? ''}`)),
  ].slice(0, MOST_ALIASES);
}
