import { readDumpRecords } from '../pm2/dump.ts';
import { isRecord, recordsIn, type Pm2Env, type RecordedProcess, minUptimeOf } from '../pm2/record.ts';
import type { Reply } from '../pm2/rpc.ts';

/** A record with a valid name. The daemon's user writes the other fields, so they may have any type. */
export type NamedRecord = Pm2Env & { readonly name: string };
export type NamedProcess = RecordedProcess & { record: NamedRecord };

/** Limits on a daemon's answer. PM2 itself stays below them. */
const MOST_PROCESSES = 10_000;
const LONGEST_NAME = 256;
/** JSON.stringify recurses, and throws for a record nested some thousand levels deep. */
const DEEPEST = 100;

/** The valid processes in a daemon's answer, modules included. Null: it is no list. */
export function processesIn(reply: Reply): NamedProcess[] | null {
  const listed = recordsIn(reply);
  return listed?.slice(0, MOST_PROCESSES).filter(isNamedProcess) ?? null;
}

/** The entries of a saved list that name an app; null: it is no list. */
export function savedRecords(file: string): NamedRecord[] | null {
  return readDumpRecords(file)?.slice(0, MOST_PROCESSES).filter(isNamed) ?? null;
}

function isNamedProcess(entry: RecordedProcess): entry is NamedProcess {
  return (
    Number.isSafeInteger(entry.pmId) &&
    entry.pmId >= 0 &&
    Number.isSafeInteger(entry.pid) &&
    entry.pid >= 0 &&
    isNamed(entry.record)
  );
}

export function isNamed(record: unknown): record is NamedRecord {
  if (!isRecord(record) || typeof record.name !== 'string') return false;
  const { name, status } = record;
  return (
    name !== '' &&
    name.length <= LONGEST_NAME &&
    (status === undefined || typeof status === 'string') &&
    isWritableJson(record, DEEPEST)
  );
}

/** Whether a parsed JSON value can be serialised again. */
export function isWritableJson(value: unknown, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isWritableJson(part, levels - 1));
}

/** A field that is text; empty if it is not. */
export function textIn(record: unknown, key: string): string {
  if (!isRecord(record)) return '';
  const value = record[key];
  return typeof value === 'string' ? value : '';
}

/** A numeric field, clamped to the bounds; `usual` if it is no number. */
export function numberIn(
  record: unknown,
  key: string,
  usual: number,
  [least, most]: readonly [number, number],
): number {
  const value = isRecord(record) ? record[key] : undefined;
  return typeof value === 'number' && !Number.isNaN(value) ? Math.min(Math.max(value, least), most) : usual;
}

/** A value as the text that node's spawn makes of it in an environment or an argument. Empty if it is undefined. */
export function spawnText(value: unknown): string {
  if (Array.isArray(value)) return value.map((part) => (part === null ? '' : spawnText(part))).join(',');
  if (isRecord(value)) return '[object Object]'; // its own toString could throw
  return value === undefined ? '' : `${value as string | number | boolean | null}`;
}

/** Text, a number or a boolean, as text; null: it is neither. */
export function plainIn(record: Pm2Env, key: string): string | null {
  const value = record[key];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : null;
}

/** Limits the wait: an app's `min_uptime` may be hours. */
const LONGEST_MS = 300_000;

/** Milliseconds that an app has to stay online to count as started. */
export function stableAfterMs(records: readonly Pm2Env[]): number {
  return Math.min(Math.max(minUptimeOf(records), 0), LONGEST_MS);
}
