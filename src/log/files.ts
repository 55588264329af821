import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const DIRECTORY = '/var/log';
/** Facility auth on Debian, Red Hat, Alpine, others. */
export const LOG_FILES = ['auth.log', 'secure', 'messages', 'syslog'];
const CHUNK = 1 << 20;
/** Bytes. gzip files are unpacked as a whole. */
const MAX_UNPACKED = 1 << 28;

/** Newest first: `auth.log`, `auth.log.1`, `auth.log.2.gz`, or `secure-20261101`. */
export function rotations(name: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(DIRECTORY);
  } catch {
    // the open of the log reports it
  }
  const older = names
    .map(
      (entry) =>
        [entry, new RegExp(`^${name.replace('.', '\\.')}(?:\\.(\\d+)|-(\\d{8,10}))(?:\\.gz)?$`).exec(entry)] as const,
    )
    .filter(([, match]) => match !== null)
    .map(([entry, match]) => [entry, match?.[1] === undefined ? -Number(match?.[2]) : Number(match[1])] as const)
    .sort(([, a], [, b]) => a - b);
  return [name, ...older.map(([entry]) => entry)].map((entry) => join(DIRECTORY, entry));
}

/** Last line first. Reads backwards in chunks. @throws system error (EACCES, ENOENT) */
export function* linesFromEnd(path: string): Generator<string> {
  if (path.endsWith('.gz')) {
    yield* gunzipSync(readFileSync(path), { maxOutputLength: MAX_UNPACKED }).toString('utf8').split('\n').reverse();
    return;
  }
  const fd = openSync(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let end = fstatSync(fd).size; end > 0;) {
      const start = Math.max(0, end - CHUNK);
      const chunk = Buffer.alloc(end - start);
      const got = readSync(fd, chunk, 0, chunk.length, start);
      const text = Buffer.concat([chunk.subarray(0, got), rest]);
      // The first line and character of a chunk may be incomplete.
      const first = start === 0 ? 0 : text.indexOf(10) + 1;
      if (start === 0 || first > 0) yield* text.subarray(first).toString('utf8').split('\n').reverse();
      rest = start === 0 ? rest : first > 0 ? text.subarray(0, first - 1) : text;
      end = start;
    }
  } finally {
    closeSync(fd);
  }
}
