import { lstatSync, opendirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { PM2_DIRECTORIES, PM2_FILES, PM2_SOCKETS } from '../pm2/own-files.ts';

/** A file that PM2 keeps in a home, itself: no link is followed. */
export interface HomeFile {
  /** Relative to the home, `dump.pm2` or `logs/myapp-out.log`; `.` is the home. */
  name: string;
  type: 'file' | 'directory' | 'link' | 'socket' | 'fifo' | 'device';
  uid: number;
  gid: number;
  /** Permission bits. */
  mode: number;
  /** Hard links: a file with more than one has another name somewhere. */
  links: number;
  /** Bytes. */
  size: number;
  dev: number;
  ino: number;
  /** Of a link; else null. */
  target: string | null;
}

export interface HomeFiles {
  home: string;
  /**
   * The home first, then PM2's files, then what is in its directories. Empty: there is no home, or it is not the
   * caller's to see.
   */
  files: HomeFile[];
  /** Directories that hold more than was looked at. */
  cut: string[];
  /** Directories that the caller may not look into. */
  closed: string[];
}

/** A home of 500 apps has 1,500; what a hostile one holds beyond is not looked at. */
const MOST_ENTRIES = 3000;

/**
 * PM2's files in a home, with owner, mode and kind. Modules are looked at by their directories alone. Nothing is opened
 * but directories, and of those so many entries only; never writes.
 */
export function homeFiles(home: string): HomeFiles {
  const found: HomeFiles = { home, files: [], cut: [], closed: [] };
  const own = entry(home, '.');
  if (own?.type !== 'directory') return found;
  found.files.push(own);
  for (const name of [...PM2_SOCKETS, ...PM2_FILES, ...PM2_DIRECTORIES]) {
    const file = entry(home, name);
    if (file === null) continue;
    found.files.push(file);
    if (PM2_DIRECTORIES.includes(name) && file.type === 'directory') lookInto(home, name, found);
  }
  return found;
}

function lookInto(home: string, directory: string, found: HomeFiles): void {
  let opened;
  try {
    opened = opendirSync(join(home, directory), { bufferSize: 256 });
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
      const file = entry(home, join(directory, next.name));
      if (file !== null) found.files.push(file);
    }
  } catch {
    found.cut.push(directory); // it went away while we read
  } finally {
    opened.closeSync();
  }
}

/** Null: it is not there, or not the caller's to look at. */
function entry(home: string, name: string): HomeFile | null {
  const path = join(home, name);
  try {
    // A home that is a link is looked at behind it; a link inside of a home is looked at itself.
    const stat = name === '.' ? lstatSync(`${home}/.`) : lstatSync(path);
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

function typeOf(stat: Stats): HomeFile['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isSocket()) return 'socket';
  return stat.isFIFO() ? 'fifo' : 'device';
}
