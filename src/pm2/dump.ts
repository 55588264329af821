import { readRegularFile } from '../trust/read.ts';
import { parseBounded } from './bounded-json.ts';
import type { App } from './invocation.ts';
import { appOf, isShallow, listOf } from './process.ts';
import { isRecord, type Pm2Env } from './record.ts';

/** 1,000 apps with 20 kB of environment each make 20 MB. */
const MAX_BYTES = 64 << 20;

/**
 * The apps that a dump.pm2 would restore, one per process. PM2 evaluates the file as JavaScript (`resurrect`,
 * API/Startup.js). Here it must be strict JSON, which is all that `pm2 save` and an ending daemon write.
 * @param file absolute; any user may own it (a symlink, a FIFO, or more than 64 MiB is refused)
 * @returns null if there is no such file, or it is unreadable or no dump
 */
export function readDump(file: string): App[] | null {
  return (
    readDumpRecords(file)
      ?.map(appOf)
      .filter((app) => app !== null) ?? null
  );
}

/** As readDump, with PM2's full record of each process, including its environment and the secrets in it. */
export function readDumpRecords(file: string): Pm2Env[] | null {
  try {
    return (
      listOf(parseBounded(readRegularFile(file, MAX_BYTES)))?.filter(
        (entry): entry is Pm2Env => isRecord(entry) && isShallow(entry),
      ) ?? null
    );
  } catch {
    return null;
  }
}
