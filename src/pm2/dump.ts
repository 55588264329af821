import { readRegularFile } from '../trust/read.ts';
import { parseBounded } from './bounded-json.ts';
import type { App } from './invocation.ts';
import { appOf, isShallow, listOf } from './process.ts';
import { isRecord, type Pm2Env } from './record.ts';

/** Longer than any dump seen; 1,000 apps with 20 kB of environment each are 20 MB. */
const MAX_BYTES = 64 << 20;

/**
 * The apps that a dump.pm2 would bring back, one for each process. PM2 evaluates the file as JavaScript (`resurrect`,
 * API/Startup.js); here it is data: strict JSON, which is all that `pm2 save` and a dying daemon ever write.
 *
 * @param file absolute; may belong to anybody (a symbolic link, a FIFO, or more than 64 MiB are refused)
 * @returns null where there is no such file, it cannot be read, or it is no dump
 */
export function readDump(file: string): App[] | null {
  return (
    readDumpRecords(file)
      ?.map(appOf)
      .filter((app) => app !== null) ?? null
  );
}

/** As readDump, with all that PM2 wrote down of each process: its environment too, and the secrets in it. */
export function readDumpRecords(file: string): Pm2Env[] | null {
  try {
    return (
      listOf(parseBounded(readRegularFile(file, MAX_BYTES)))?.filter(
        (entry): entry is Pm2Env => isRecord(entry) && isShallow(entry),
      ) ?? null
    );
  } catch {
    return null; // whatever it is, it names no app
  }
}
