import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { listDirectory } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import { dependsOnVersion, environmentFile } from './environment-file.ts';
import type { LoadedUnit } from './loaded-unit.ts';
import { matchingFiles } from './matching-files.ts';
import { systemdVersion } from './systemd.ts';
import { readService, startOfPm2, UNKNOWN, type ServiceFile } from './unit-file.ts';
import type { Manager } from './unit-specifiers.ts';

export interface LoadedService extends Pick<ServiceFile, 'isDynamic' | 'start' | 'pidFile' | 'commands'> {
  user: string | null;
  /** Without what UnsetEnvironment= takes away. */
  env: Readonly<Record<string, string>>;
  /** The unit file and its drop-ins, in systemd's order. */
  files: readonly string[];
  /** False: user, environment or ExecStart= has a value that is not known here. */
  isClear: boolean;
}

/** Where systemd looks for units. An earlier path wins. */
export interface UnitPlaces {
  paths: readonly string[];
  /** Existing drop-in directories, read once, because a look per unit costs too much. */
  dropIns: ReadonlySet<string>;
  /** Remaining limits for a user's units; null: system units have none. */
  left: { files: number; bytes: number } | null;
}

const MOST_FILES = 5000;
const MAX_BYTES = 1 << 20;
/** Drop-ins of every service. */
const SHARED = 'service.d';

export function unitPlaces(paths: readonly string[], left: UnitPlaces['left'] = null): UnitPlaces {
  return {
    paths,
    left,
    dropIns: new Set(
      paths.flatMap((path) =>
        listDirectory(path, MOST_FILES)
          .filter((name) => name.endsWith('.service.d') || name === SHARED)
          .map((name) => `${path}/${name}`),
      ),
    ),
  };
}

/**
 * Reads a unit and its drop-ins, and for system units the EnvironmentFile=s, which win over Environment=
 * (systemd.unit(5), systemd.exec(5)). Null: masked, unreadable, or of no use to systemd.
 * @param names the unit or the template's instance, then its aliases
 * @param manager user of the service manager; null: the system's
 */
export function loadService(
  names: readonly [name: string, ...aliases: string[]],
  file: string,
  places: UnitPlaces,
  manager: Manager,
): LoadedService | null {
  const own = read(file, manager, places);
  if (own === '') return null; // masked: a link to /dev/null, or an empty file
  const files = [file, ...dropIns(names, places)];
  const service = readService([own, ...files.slice(1).map((path) => read(path, manager, places))], names[0], manager);
  if (service === null) return null;
  return withEnvironment(service, files, places, manager);
}

/** The same with what systemd says of it. It fills in what is unknown here. */
export function loadedService(
  { isDynamic, user, env, unset, envFiles, starts }: LoadedUnit,
  { files, pidFile, commands }: LoadedService,
  places: UnitPlaces,
): LoadedService {
  const start = startOfPm2(starts);
  return withEnvironment(
    { isDynamic, user, env, unset, envFiles, start, isStartKnown: true, pidFile, commands },
    files,
    places,
    null,
  );
}

function withEnvironment(
  service: ServiceFile,
  files: readonly string[],
  places: UnitPlaces,
  manager: Manager,
): LoadedService {
  const { user, isDynamic, start, isStartKnown, pidFile, commands } = service;
  // A user's unit may name a file of root, which must not be read for that user.
  const named = manager === null ? service.envFiles.flatMap((path) => filesOf(path)) : [];
  const known = named.filter((path) => path !== UNKNOWN);
  const env = new Map([
    ...service.env,
    ...known.flatMap((path) => Object.entries(variablesIn(read(path, null, places)))),
  ]);
  const unset = new Set(service.unset);
  for (const [name, value] of env) if (unset.has(name) || unset.has(`${name}=${String(value)}`)) env.delete(name);
  // A user's EnvironmentFile= is unread, and may hold the PM2_HOME.
  const isHidden = manager !== null && service.envFiles.length > 0 && !env.has('PM2_HOME');
  const values = [user, ...env.values(), ...unset, ...named];
  return {
    user: user === UNKNOWN ? null : user,
    env: Object.fromEntries([...env].filter((entry): entry is [string, string] => entry[1] !== UNKNOWN)),
    isClear: !isHidden && !values.includes(UNKNOWN) && isStartKnown,
    files,
    isDynamic,
    start,
    pidFile,
    commands,
  };
}

/** EnvironmentFile= may have wildcards (systemd.exec(5)). */
function filesOf(path: string | typeof UNKNOWN): (string | typeof UNKNOWN)[] {
  return path === UNKNOWN ? [UNKNOWN] : (matchingFiles(path) ?? [UNKNOWN]);
}

/** Asks for systemd's version only where it matters. */
function variablesIn(text: string): Record<string, string> {
  return environmentFile(text, dependsOnVersion(text) ? systemdVersion() : null);
}

/** In the order of names (systemd.unit(5)). Of one name an earlier path wins, then a more specific directory. */
function dropIns(names: readonly string[], { paths, dropIns: present, left }: UnitPlaces): string[] {
  const found = new Map<string, string>();
  const directories = names.flatMap((name) => {
    const own = directoriesOf(name);
    return paths.flatMap((path) => own.map((one) => `${path}/${one}`));
  });
  for (const directory of [...directories, ...paths.map((path) => `${path}/${SHARED}`)]) {
    if (!present.has(directory)) continue;
    const entries = listDirectory(directory, Math.min(MOST_FILES, Math.max(0, left?.files ?? MOST_FILES)));
    if (left !== null) left.files -= entries.length + 1;
    for (const entry of entries)
      if (entry.endsWith('.conf') && !found.has(entry)) found.set(entry, join(directory, entry));
  }
  return [...found.keys()].sort().map((entry) => found.get(entry) ?? '');
}

/** `pm2-web@a.service` also uses those of `pm2-web@`, `pm2-`, `pm2-@a` and `pm2-@`. */
function directoriesOf(name: string): string[] {
  const [, prefix = '', at = '', instance = ''] = /^([^@]*)(@?)(.*)\.service$/.exec(name) ?? [];
  const heads = [...prefix.matchAll(/-/g)]
    .map(({ index }) => prefix.slice(0, index + 1))
    .filter((head) => head !== prefix)
    .reverse();
  const stems =
    at === ''
      ? [prefix, ...heads]
      : [
          `${prefix}@${instance}`,
          `${prefix}@`,
          ...heads,
          ...heads.flatMap((head) => [`${head}@${instance}`, `${head}@`]),
        ];
  return stems.map((stem) => `${stem}.service.d`);
}

function read(file: string, manager: Manager, { left }: UnitPlaces): string {
  if (left !== null && (left.files <= 0 || left.bytes <= 0)) return '';
  try {
    // A system unit may be a symlink into a package. A user's symlinks are not followed.
    const bytes = readRegularFile(manager === null ? realpathSync.native(file) : file, MAX_BYTES);
    if (left !== null) left.bytes -= bytes.length;
    return bytes.toString('utf8');
  } catch {
    return '';
  } finally {
    if (left !== null) left.files -= 1;
  }
}
