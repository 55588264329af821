import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { listDirectory } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';
import { environmentFile } from './environment-file.ts';
import { readService, type ServiceFile } from './unit-file.ts';

/** A service with all that systemd reads for it. */
export interface LoadedService extends ServiceFile {
  /** Of its file and its drop-ins. */
  text: string;
}

/** Where systemd looks for units, first the place that wins. */
export interface UnitPlaces {
  paths: readonly string[];
  /** The directories of drop-ins there: hardly any unit has one, and a look for each costs more than all else. */
  dropIns: ReadonlySet<string>;
  /** What may yet be read of a user's own; null: they are the system's, of root's word. */
  left: { files: number; bytes: number } | null;
}

const MOST_FILES = 5000;
const MAX_BYTES = 1 << 20;
/** Those of every service. */
const SHARED = 'service.d';

/** Looks once into each of them. */
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
 * Reads a unit as systemd loads it: its file, its drop-ins, and of the system's units the EnvironmentFile=s, whose
 * settings win over Environment= (systemd.unit(5), systemd.exec(5)). Null: it is masked, or not the caller's to read.
 *
 * @param name of the unit, of a template's instance as well
 * @param file where it was found
 * @param manager whose service manager reads it; null: the system's
 */
export function loadService(
  name: string,
  file: string,
  places: UnitPlaces,
  manager: string | null,
): LoadedService | null {
  const own = read(file, manager, places);
  if (own === '') return null; // a link to /dev/null, or an empty file
  const text = [own, ...dropIns(name, places).map((path) => read(path, manager, places))].join('\n');
  const service = readService(text, name);
  // a user's may name any file of root's: not ours to read for him
  const files = manager === null ? service.envFiles : [];
  const env = Object.assign(
    {},
    service.env,
    ...files.map((path) => environmentFile(read(path, null, places))),
  ) as Record<string, string>;
  return { ...service, text, env };
}

/**
 * The drop-ins of a unit, in the order in which they are read: by name, wherever they lie. One of the same name hides
 * others: that of an earlier place, and in one place that of a directory that is more exactly this unit's.
 */
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

/** Of `pm2-web@a.service`: its own, its template's, and those of `pm2-.service`, `pm2-@a.service`, `pm2-@.service`. */
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
    // A unit may be a link into a package. What a user's own links lead to is not ours to read.
    const bytes = readRegularFile(manager === null ? realpathSync.native(file) : file, MAX_BYTES);
    if (left !== null) left.bytes -= bytes.length;
    return bytes.toString('utf8');
  } catch {
    return '';
  } finally {
    if (left !== null) left.files -= 1;
  }
}
