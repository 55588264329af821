import { opendirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { isDirectory, realpathOrNull } from '../runtime/peek.ts';
import { readRegularFile } from '../trust/read.ts';

/** A directory that a web server hands out. */
export interface ServedDirectory {
  path: string;
  /** Where it says so, `/etc/nginx/sites-enabled/default:12`; null: by custom. */
  source: string | null;
}

export interface Served {
  directories: ServedDirectory[];
  /** What could not be followed, for people: a root made of variables, a file too large. */
  notUnderstood: string[];
}

const CONFIGS = ['/etc/nginx', '/etc/apache2', '/etc/httpd', '/usr/local/etc/nginx'];
const BY_CUSTOM = ['/var/www/html', '/srv/www', '/srv/http', '/usr/share/nginx/html'];
const MAX_BYTES = 1 << 20;
const MOST_FILES = 1000;
const DEEPEST = 4;

/**
 * The document roots of nginx and Apache: every `root`, `alias` and `DocumentRoot` of their files, whether a site is
 * enabled or not, and the directories that web servers serve where they are told nothing. A bounded reading of text,
 * not a parser: what has a variable in it is named, not guessed.
 */
export function servedDirectories(): Served {
  const served: Served = { directories: [], notUnderstood: [] };
  const files: string[] = [];
  for (const place of CONFIGS) collect(place, DEEPEST, files);
  for (const file of files) read(file, served);
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
      // sites-enabled is links to sites-available, which is read itself: no link is followed, none is missed.
      if (next.isDirectory()) collect(path, depth - 1, files);
      else if (next.isFile()) files.push(path);
    }
  } finally {
    opened.closeSync();
  }
}

function read(file: string, served: Served): void {
  let text: string;
  try {
    text = readRegularFile(file, MAX_BYTES).toString('utf8');
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

/** Physical, so that a home behind a link is seen; null: it is not there. */
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
