import { lstatSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { readDumpRecords } from '../pm2/dump.ts';
import { dumpFile } from '../pm2/home.ts';
import type { Pm2Env } from '../pm2/record.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';

/** A change of what a home brings back at boot: of these apps, exactly these processes. */
export interface Save {
  home: string;
  /** App names whose entries are replaced; all other entries stay as they are. */
  names: readonly string[];
  records: readonly Pm2Env[];
}

/**
 * Writes dump.pm2 as `pm2 save` does (lib/API/Startup.js dump), with the old one as dump.pm2.bak, but as a whole, and
 * about the given apps alone: what else was saved, and is not running just now, is not forgotten. An empty list is
 * written too, because one that is not would bring the app back.
 *
 * @throws where the directory is not this user's own, or the list that is there is none of PM2's
 */
export function saveDump({ home, names, records }: Save): void {
  process.chdir(home); // from here on the directory cannot be exchanged below us
  refuseStrangePlace(home);
  const file = basename(dumpFile(home));
  const before = readDumpRecords(file);
  if (before === null && isThere(file))
    throw new Error(`${dumpFile(home)} is no list that pm2 has saved; it is left as it is`);
  const rest = (before ?? []).filter(({ name }) => !(typeof name === 'string' && names.includes(name)));
  if (before === null && records.length === 0) return; // nothing was saved here, and nothing is to be
  // The old mode stays: somebody may have closed the file to others, for the secrets in it (T30).
  const mode = before === null ? 0o600 : statSync(file).mode & 0o777;
  if (before !== null) replaceFile(`${file}.bak`, readRegularFile(file, Infinity), mode);
  replaceFile(file, JSON.stringify([...rest, ...records], null, 2), mode);
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Root writes only where nobody else could have led it; everybody else is held to his rights by the kernel. */
function refuseStrangePlace(home: string): void {
  if (process.geteuid?.() !== 0) return;
  const fault = findUntrusted(home, 'directory');
  if (fault !== null) throw new Error(`root does not write in ${home}: ${fault.path} ${fault.why}`);
}
