import { lstatSync, opendirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { PM2_DIRECTORIES, PM2_FILES, PM2_SOCKETS } from '../../pm2/own-files.ts';
import { asFileStats, type Gid, type Pm2Home, type Uid } from '../../runtime/brands.ts';

/** A file of a PM2_HOME. Only a symlink in place of the PM2_HOME itself is followed. */
export interface Pm2HomeFile {
  /** Relative to the PM2_HOME; `.` is the PM2_HOME. */
  name: string;
  type: 'file' | 'directory' | 'link' | 'socket' | 'fifo' | 'device';
  uid: Uid;
  gid: Gid;
  mode: number;
  links: number;
  size: number;
  dev: number;
  ino: number;
  target: string | null;
}

export interface Pm2HomeFiles {
  pm2Home: Pm2Home;
  /** The PM2_HOME first. Empty: missing or hidden from the caller. */
  files: Pm2HomeFile[];
  /** Directories with more entries than were read. */
  cut: string[];
  /** Directories that the caller cannot read. */
  closed: string[];
}

/** A PM2_HOME of 500 apps has 1,500. */
const MOST_ENTRIES = 3000;

/** PM2's files in a PM2_HOME, with a limit. Opens only directories, and lists one level of each. */
export function pm2HomeFiles(pm2Home: Pm2Home): Pm2HomeFiles {
  const found: Pm2HomeFiles = { pm2Home, files: [], cut: [], closed: [] };
  const own = entry(pm2Home, '.');
  if (own?.type !== 'directory') return found;
  found.files.push(own);
  for (const name of [...PM2_SOCKETS, ...PM2_FILES, ...PM2_DIRECTORIES]) {
    const file = entry(pm2Home, name);
    if (file === null) continue;
    found.files.push(file);
    if (PM2_DIRECTORIES.includes(name) && file.type === 'directory') lookInto(pm2Home, name, found);
  }
  return found;
}

function lookInto(pm2Home: Pm2Home, directory: string, found: Pm2HomeFiles): void {
  let opened;
  try {
    opened = opendirSync(join(pm2Home, directory), { bufferSize: 256 });
  } catch {
    found.closed.push(directory);
    return;
  }
  try {
    let left = MOST_ENTRIES;
    for (let next = opened.readSync(); next !== null; next = opened.readSync()) {
      if (left-- === 0) {
        found.cut.push(directory);
        return;
      }
      const file = entry(pm2Home, join(directory, next.name));
      if (file !== null) found.files.push(file);
    }
  } catch {
    found.cut.push(directory); // it was removed meanwhile
  } finally {
    opened.closeSync();
  }
}

/** Null: missing or hidden from the caller. */
function entry(pm2Home: Pm2Home, name: string): Pm2HomeFile | null {
  const path = join(pm2Home, name);
  try {
    // Follows a symlink at the PM2_HOME itself, and none inside.
    const stat = asFileStats(name === '.' ? lstatSync(`${pm2Home}/.`) : lstatSync(path));
    const type = typeOf(stat);
    return {
      name,
      type,
      uid: stat.uid,
      gid: stat.gid,
      mode: stat.mode & 0o7777,
      links: stat.nlink,
      size: stat.size,
      dev: stat.dev,
      ino: stat.ino,
      target: type === 'link' ? readlinkSync(path) : null,
    };
  } catch {
    return null;
  }
}

function typeOf(stat: Stats): Pm2HomeFile['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isSocket()) return 'socket';
  return stat.isFIFO() ? 'fifo' : 'device';
}
