import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRegularFile } from '../trust/read.ts';

/** A systemd unit that brings a PM2 daemon up at boot. */
export interface Unit {
  name: string;
  file: string;
  /** User=; null: root. */
  user: string | null;
  /** PM2_HOME of its Environment=; null: it has none. */
  home: string | null;
  enabled: boolean;
}

/** systemd.unit(5): what stands earlier hides what has the same name later. */
const PLACES = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/**
 * The units of `pm2 startup` and its like: whatever sets PM2_HOME, or runs `pm2 resurrect` (templates/init-scripts/systemd.tpl).
 * Read as text, without systemctl: it answers in a container and on a system that is not booted as well.
 */
export function pm2Units(places: readonly string[] = PLACES): Unit[] {
  const found: Unit[] = [];
  const seen = new Set<string>();
  for (const place of places) {
    for (const name of list(place).filter((entry) => entry.endsWith('.service'))) {
      if (seen.has(name)) continue;
      seen.add(name);
      const file = join(place, name);
      const text = [file, ...dropIns(name, places)].map(read).join('\n');
      if (!/PM2_HOME=|\bpm2\b.*\bresurrect\b/.test(text)) continue;
      found.push({ name, file, user: userOf(text), home: homeOf(text), enabled: isEnabled(name, places) });
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function dropIns(name: string, places: readonly string[]): string[] {
  const files = places.flatMap((place) => list(join(place, `${name}.d`)).filter((entry) => entry.endsWith('.conf')).map((entry) => join(place, `${name}.d`, entry)));
  return files.sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
}

function isEnabled(name: string, places: readonly string[]): boolean {
  return places.some((place) => list(place).some((entry) => entry.endsWith('.wants') && existsSync(join(place, entry, name))));
}

/** The last one counts, an empty one takes back what stood before. */
function userOf(text: string): string | null {
  const [, user] = [...text.matchAll(/^[ \t]*User[ \t]*=[ \t]*(.*?)[ \t]*$/gm)].at(-1) ?? [];
  return user === undefined || user === '' ? null : user;
}

/** Environment="A=b c" PM2_HOME=/x (systemd.exec(5)): several on a line, each in quotes or not. */
function homeOf(text: string): string | null {
  let home: string | null = null;
  for (const [, value = ''] of text.matchAll(/^[ \t]*Environment[ \t]*=(.*)$/gm)) {
    if (value.trim() === '') home = null;
    for (const [word] of value.matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\S+/g)) {
      const plain = word.replace(/^(["'])(.*)\1$/, '$2');
      if (plain.startsWith('PM2_HOME=')) home = plain.slice('PM2_HOME='.length);
    }
  }
  return home === '' ? null : home;
}

function read(file: string): string {
  try {
    return readRegularFile(realpathSync.native(file), 1 << 20).toString('utf8').replace(/\\\r?\n/g, ' '); // a line goes on after a backslash
  } catch {
    return ''; // a masked unit is a link to /dev/null
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
