import { opendirSync, realpathSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { distinctPlaces, isDirectory, isFile, realpathOrNull } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';

export interface ServedDirectory {
  path: string;
  /** `/etc/nginx/sites-enabled/default:12`; null: a default root. */
  source: string | null;
}

export interface Served {
  directories: ServedDirectory[];
  /** Sentences: a root with variables, a file that cannot be read. */
  notUnderstood: string[];
}

const CONFIGS = ['/etc/nginx', '/etc/apache2', '/etc/httpd', '/usr/local/etc/nginx'];
const BY_CUSTOM = ['/var/www/html', '/srv/www', '/srv/http', '/usr/share/nginx/html'];
/** Debian's sites-available, conf-available, mods-available. Links elsewhere enable their files. */
const NOT_ENABLED = /-available$/;
const MAX_BYTES = 1 << 20;
const MOST_FILES = 1000;
const DEEPEST = 4;

/** Document roots of nginx and Apache. It is no parser, so a path with a variable goes to `notUnderstood`. */
export function servedDirectories(root = ''): Served {
  const served: Served = { directories: [], notUnderstood: [] };
  const files: string[] = [];
  for (const place of distinctPlaces(CONFIGS.map((config) => root + config))) collect(place, DEEPEST, files);
  for (const file of distinctPlaces(files)) read(file, served);
  for (const path of BY_CUSTOM) if (isDirectory(path)) served.directories.push({ path, source: null });
  return served;
}

function collect(directory: string, depth: number, files: string[]): void {
  if (depth === 0) return;
  let opened;
  try {
    opened = opendirSync(directory);
  } catch {
    return;
  }
  try {
    for (let next = opened.readSync(); next !== null && files.length < MOST_FILES; next = opened.readSync()) {
      const path = join(directory, next.name);
      if (next.isDirectory()) {
        if (!NOT_ENABLED.test(next.name)) collect(path, depth - 1, files);
      } else if (next.isFile() || (next.isSymbolicLink() && isFile(path))) files.push(path);
    }
  } finally {
    opened.closeSync();
  }
}

function read(file: string, served: Served): void {
  let text: string;
  try {
    text = readRegularFile(realpathSync.native(file), MAX_BYTES).toString('utf8');
  } catch {
    served.notUnderstood.push(`${file} cannot be read`);
    return;
  }
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*#/.test(line)) continue;
    for (const [, value = ''] of line.matchAll(
      /(?:^|[\s{;])(?:root|alias|DocumentRoot)\s+("[^"]*"|'[^']*'|[^\s;]+)/g,
    )) {
      const path = value.replace(/^(["'])(.*)\1$/, '$2');
      const source = `${file}:${index + 1}`;
      if (/[$%]/.test(path)) served.notUnderstood.push(`${source}: ${path}`);
      else if (isAbsolute(path)) served.directories.push({ path, source });
    }
  }
}

/** Compares physical paths, to see a PM2_HOME behind a symlink. */
export function servingDirectory(path: string, served: Served): ServedDirectory | null {
  const real = realpathOrNull(path);
  if (real === null) return null;
  return (
    served.directories.find((directory) => {
      const top = realpathOrNull(directory.path);
      return top !== null && top !== '/' && (real === top || real.startsWith(`${top}/`));
    }) ?? null
  );
}
