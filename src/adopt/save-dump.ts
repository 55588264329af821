import type { Pm2Home } from '../runtime/brands.ts';
import { lstatSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { readDumpRecords } from '../pm2/dump.ts';
import { dumpFile } from '../pm2/home.ts';
import type { Pm2Env } from '../pm2/record.ts';
import { readRegularFile } from '../trust/read.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';

/** A change to a saved list: exactly these processes for these apps. */
export interface Save {
  pm2Home: Pm2Home;
  /** Names of the apps whose entries are replaced; all others stay. */
  names: readonly string[];
  records: readonly Pm2Env[];
}

/**
 * Writes dump.pm2 as `pm2 save` does (lib/API/Startup.js dump), with the old one as dump.pm2.bak, but atomically and
 * only for the given apps: other saved apps may not run now and must stay. An empty list is written too, else the old
 * list would restore the app.
 * @throws if the directory is not this user's own, or the existing list is not PM2's
 */
export function saveDump({ pm2Home, names, records }: Save): void {
  process.chdir(pm2Home); // relative paths stay in this directory, even if its path is replaced
  refuseStrangePlace(pm2Home);
  const file = basename(dumpFile(pm2Home));
  const before = readDumpRecords(file);
  if (before === null && isThere(file))
    throw new Error(`${dumpFile(pm2Home)} is no list that pm2 has saved; it is left as it is`);
  const rest = (before ?? []).filter(({ name }) => !(typeof name === 'string' && names.includes(name)));
  if (before === null && records.length === 0) return; // nothing was saved, and nothing has to be
  // The old mode stays: an administrator may have restricted the file because of its secrets (T30).
  const mode = before === null ? 0o600 : statSync(file).mode & 0o777;
  try {
    if (before !== null) replaceFile(`${file}.bak`, readRegularFile(file, Infinity), mode);
    replaceFile(file, JSON.stringify([...rest, ...records], null, 2), mode);
  } catch (error) {
    throw new Error(`${dumpFile(pm2Home)} could not be written: ${(error as Error).message}`, { cause: error });
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Root writes only where no other user could have redirected the path. The kernel limits all other users. */
function refuseStrangePlace(pm2Home: Pm2Home): void {
  if (process.geteuid?.() !== 0) return;
  const fault = findUntrusted(pm2Home, 'directory');
  if (fault !== null) throw new Error(`root does not write in ${pm2Home}: ${fault.path} ${fault.why}`);
}
