import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { listDirectory } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { environmentFile } from './environment-file.ts';
import { readService, type ServiceFile } from './unit-file.ts';

export interface LoadedService extends ServiceFile {
  /** With its drop-ins. */
  text: string;
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
          .map((name) => join(path, name)),
      ),
    ),
  };
}

/**
 * Reads a unit and its drop-ins, and for system units the EnvironmentFile=s, which win over Environment=
 * (systemd.unit(5), systemd.exec(5)). Null: masked or unreadable.
 * @param name of the unit or the template's instance
 * @param manager user of the service manager; null: the system's
 */
export function loadService(
  name: string,
  file: string,
  places: UnitPlaces,
  manager: string | null,
): LoadedService | null {
  const own = read(file, manager, places);
  if (own === '') return null; // masked: a link to /dev/null, or an empty file
  const text = [own, ...dropIns(name, places).map((path) => read(path, manager, places))].join('\n');
  const service = readService(text, name);
  // A user's unit may name a file of root, which must not be read for that user.
  const files = manager === null ? service.envFiles : [];
  const env = Object.assign(
    {},
    service.env,
    ...files.map((path) => environmentFile(read(path, null, places))),
  ) as Record<string, string>;
  return { ...service, text, env };
}

/** In the order of names (systemd.unit(5)). Of one name an earlier path wins, then a more specific directory. */
function dropIns(name: string, { paths, dropIns: present, left }: UnitPlaces): string[] {
  const own = directoriesOf(name);
  const found = new Map<string, string>();
  const directories = [
    ...paths.flatMap((path) => own.map((one) => join(path, one))),
    ...paths.map((path) => join(path, SHARED)),
  ];
  for (const directory of directories.filter((one) => present.has(one))) {
    const names = listDirectory(directory, Math.min(MOST_FILES, Math.max(0, left?.files ?? MOST_FILES)));
    if (left !== null) left.files -= names.length + 1;
    for (const entry of names)
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

function read(file: string, manager: string | null, { left }: UnitPlaces): string {
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
